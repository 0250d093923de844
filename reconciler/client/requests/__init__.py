"""One request and its answer: where it goes and how fast, how long it may take, when it is believed."""
