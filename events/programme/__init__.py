"""What is shown to the public: which events, in which order, and how they are found."""
