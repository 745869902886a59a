"""How well words find products: attributes, titles, words beside a photo."""
