"""Where scenes are kept: a catalog of their articles in the folder `scenes` of the shop's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from thatlook.core.errors import CatalogError, ModelMismatchError, UnknownProductError
from thatlook.search.index.query import Answers, Query, Vectors
from thatlook.search.stored import Stored
from thatlook.search.styling import Scene
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.opening import FILE_NAME
from thatlook.store.scenes.rows import count_of, place_of, row_id, scene_of

FOLDER: Final = "scenes"


@dataclass(frozen=True, slots=True)
class SceneFacts:
    """How many scenes lie beside a catalog, and the network that made their vectors."""

    scenes: int
    model_key: str | None

    @classmethod
    def of(cls, home: Path) -> Self | None:
        """Those of the catalog whose files are in `home`; None where none were indexed.

        Raises CatalogError where they are damaged.
        """
        if not (home / FOLDER / FILE_NAME).exists():
            return None
        with Catalog.open(home / FOLDER, create=False) as rows:
            return cls(rows.groups(), rows.model_key)


class SceneShelf:
    """The scenes beside one catalog; fulfils `SceneStore`. Pictures stay where they are."""

    def __init__(self, rows: Catalog) -> None:
        self.rows = rows

    @classmethod
    def open(cls, home: Path, model_key: str, dim: int) -> Self:
        """The scenes of the catalog whose files are in `home`; an empty place for them is made
        where there is none.

        Raises ModelMismatchError where another embedding network made their vectors.
        """
        folder = home / FOLDER
        try:
            return cls(Catalog.open(folder, model_key=model_key, dim=dim))
        except ModelMismatchError as error:
            raise ModelMismatchError(
                f"{folder}: the scenes were indexed with another embedding network; delete that "
                "folder (the photos are elsewhere) and index them again: thatlook index-scenes"
            ) from error

    @classmethod
    def there(cls, home: Path, model_key: str, dim: int) -> Self | None:
        """The same; None where no scenes were indexed."""
        file = home / FOLDER / FILE_NAME
        return cls.open(home, model_key, dim) if file.exists() else None

    def close(self) -> None:
        """Lets go of the files."""
        self.rows.close()

    def count(self) -> int:
        """How many scenes there are."""
        return self.rows.groups()

    def search(self, vectors: Vectors, query: Query) -> Answers:
        """The articles nearest to each of the vectors (n, dim); [] of each where none is stored."""
        return self.rows.search(vectors, query)

    def article_of(self, hit_id: str) -> tuple[str, int]:
        """The scene's id and the article's place of a hit."""
        return place_of(hit_id)

    def scenes(self, ids: Sequence[str]) -> list[Scene]:
        """The scenes with these ids, in order, those that are not there left out."""
        return [scene_of(rows) for rows in map(self.rows_of, ids) if rows]

    def scene(self, scene_id: str) -> Scene | None:
        """The scene with this id; None where there is none."""
        return next(iter(self.scenes([scene_id])), None)

    def rows_of(self, scene_id: str) -> list[Stored]:
        """The rows of a scene in order; [] where there are none."""
        try:
            first = self.rows.stored(row_id(scene_id, 0))
            others = [row_id(scene_id, place) for place in range(1, count_of(first))]
            return [first, *self.rows.stored_many(others)]
        except UnknownProductError:
            return []

    def picture(self, scene_id: str) -> Path:
        """The file of a scene's photo. Raises CatalogError where it is unknown or gone."""
        scene = self.scene(scene_id)
        if scene is None or not Path(scene.photo).is_file():
            raise CatalogError(f"no photo of the scene {scene_id!r} is there")
        return Path(scene.photo)
