"""Every page that visitors and buyers see, in every state, as the site answers them; kind by kind."""
