"""The provider for practice: moves no money, and can do to an order whatever a real one can. There by name, or not."""
