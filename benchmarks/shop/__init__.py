"""The sale inside, beside a shop that people would run instead: who buys, how, and on what."""
