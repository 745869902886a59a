"""One network each: prepare, run, read."""
