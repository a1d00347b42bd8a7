"""A purchase, in order: what is on sale, holds, orders, tickets."""
