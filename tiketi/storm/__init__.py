"""A storm of real visitors: thousands of browsers' worth of traffic from one process, and what it proved."""
