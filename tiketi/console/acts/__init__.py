"""What staff do on the console: tune, announce, stop and go on, admit by hand, order servers."""
