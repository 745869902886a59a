"""Pages to products."""
