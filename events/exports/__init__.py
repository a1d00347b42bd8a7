"""Lists out of the site, for spreadsheets and bookkeepers: what of an event, for whom, as which file."""
