"""The front: pages that everybody reads alike, made once until something they tell of changes."""
