"""What programs get: the contract's JSON."""
