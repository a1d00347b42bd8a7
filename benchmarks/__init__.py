"""How fast the waiting room is, beside others that do the same: `python -m benchmarks`."""
