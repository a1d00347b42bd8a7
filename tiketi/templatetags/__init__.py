"""What templates of the site's own pages ask for."""
