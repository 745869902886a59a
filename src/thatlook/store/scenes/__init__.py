"""Scenes beside a catalog: photos of dressed people, whose articles are stored like products."""

from thatlook.store.scenes.indexing import ScenesReport, index_scenes
from thatlook.store.scenes.shelf import SceneFacts, SceneShelf

__all__ = ["SceneFacts", "SceneShelf", "ScenesReport", "index_scenes"]
