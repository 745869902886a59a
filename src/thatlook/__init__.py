"""Buy me that look: a photo of a dressed person in, the most similar products of a shop out."""

__version__ = "0.1.0"
