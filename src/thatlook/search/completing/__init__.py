"""What goes with what is worn: products for the articles that are missing, and whole outfits."""

from thatlook.search.completing.completer import Completer
from thatlook.search.completing.given import Given, given_article, given_product
from thatlook.search.completing.records import Completion, Completions, OutfitOffer, Outfits
from thatlook.search.completing.request import CompletionRequest

__all__ = [
    "Completer",
    "Completion",
    "CompletionRequest",
    "Completions",
    "Given",
    "OutfitOffer",
    "Outfits",
    "given_article",
    "given_product",
]
