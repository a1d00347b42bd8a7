"""Pages and endpoints: they parse, call and answer."""
