"""How dates read where Django's own formats are unusual."""
