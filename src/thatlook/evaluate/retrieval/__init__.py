"""How well vectors find what they should: the protocol of the embedding network.

A `Trial` (trials) is queries, a gallery and what counts as an answer; it is ranked and counted by
`metrics`; `run` composes the trials on the shared data, on one's own pairs and feeds.
"""

from thatlook.evaluate.retrieval.neighbours import crop_vectors, neighbours, precision
from thatlook.evaluate.retrieval.run import run

__all__ = ["crop_vectors", "neighbours", "precision", "run"]
