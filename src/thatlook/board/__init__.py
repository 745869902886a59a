"""Results as pictures: one photo's board as PNG, any number of boards as one HTML file."""

from thatlook.board.entry import Entry, Thumbnails
from thatlook.board.html import page
from thatlook.board.png import picture

__all__ = ["Entry", "Thumbnails", "page", "picture"]
