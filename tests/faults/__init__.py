"""What must hold when things break; slow, so run by `make test-faults`."""
