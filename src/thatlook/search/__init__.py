"""A look to recommendations: index, ranking, request."""
