"""What the site knows of a buyer: given out on request, and forgotten but for what the law keeps."""
