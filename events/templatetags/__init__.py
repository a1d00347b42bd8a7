"""What templates of events say alike everywhere."""
