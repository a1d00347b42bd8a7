"""The site with a page, a task and a socket that fail, and a page that does not."""
