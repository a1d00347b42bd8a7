"""Mails to buyers: what is to be told, how it is written, what goes with it."""
