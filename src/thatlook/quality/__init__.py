"""What can be wrong with products and their pictures."""
