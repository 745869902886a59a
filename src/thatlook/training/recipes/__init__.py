"""One recipe for each network."""
