"""The storm, tried on a small line that can be made unfair, and on the whole site."""
