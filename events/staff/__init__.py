"""Who of the staff may do what, and at which events."""
