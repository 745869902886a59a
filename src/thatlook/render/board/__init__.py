"""Results as pictures: one photo's board as PNG, any number of boards as one HTML file."""

from thatlook.render.board.entry import BoardEntry, Thumbnails
from thatlook.render.board.html import page
from thatlook.render.board.png import picture

__all__ = ["BoardEntry", "Thumbnails", "page", "picture"]
