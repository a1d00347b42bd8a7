"""What the site promises, as sentences, on the real thing."""
