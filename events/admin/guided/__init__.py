"""A new event in four steps: what and where, the hall, the prices, the sale. A draft until it is published."""
