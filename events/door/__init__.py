"""The door: tickets' codes, who is let in, and what devices do without a network."""
