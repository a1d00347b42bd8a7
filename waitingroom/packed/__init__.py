"""Pages compressed once, however many visitors' values are put into them."""
