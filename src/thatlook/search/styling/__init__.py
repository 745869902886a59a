"""Ways to style it: from a product to photos in which something like it is worn."""

from thatlook.search.styling.records import Scene, SceneStore, Styled, StyledScene
from thatlook.search.styling.styler import Styler

__all__ = ["Scene", "SceneStore", "Styled", "StyledScene", "Styler"]
