"""The crowd: lean clients that run in processes of their own."""
