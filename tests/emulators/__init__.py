"""Emulators of payment providers: real HTTP servers that follow the providers' documentation, and no more than that."""
