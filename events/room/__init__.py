"""The sale and its waiting room: what each says of the other."""
