"""The staff console: a sale as it goes, live, and all sales on one page."""
