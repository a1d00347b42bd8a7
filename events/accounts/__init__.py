"""Who buys: signing up, signing in, and the place that goes along."""
