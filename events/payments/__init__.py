"""Taking money: what a provider is, the one built in, and what its word means for an order."""
