"""A sale replayed second by second under a policy, with the arithmetic of the live code."""
