"""Each module measures one thing on every side, in turns, and gives rows."""
