"""Hard evenings: the whole site on this machine, real processes, and something goes wrong."""
