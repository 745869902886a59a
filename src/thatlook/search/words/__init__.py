"""Words to products: what a shopper's text asks for, and how products are ordered by it."""
