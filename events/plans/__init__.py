"""Halls: reading their tables, building their seats, drawing them."""
