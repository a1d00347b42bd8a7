"""Everything that would spoil a sale, asked before it: a line each."""
