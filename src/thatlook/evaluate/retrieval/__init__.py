"""How well vectors find what they should: the protocol of the embedding network.

A `Trial` (trials) is queries, a gallery and what counts as an answer; it is ranked and counted by
`metrics`; `commands` composes the trials on the shared data, on one's own pairs and feeds.
"""

from thatlook.evaluate.retrieval.commands import add_arguments, run
from thatlook.evaluate.retrieval.neighbours import embedded, neighbours, precision

__all__ = ["add_arguments", "embedded", "neighbours", "precision", "run"]
