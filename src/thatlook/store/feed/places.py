"""Where the pictures of a product are: addresses, or files inside the folders that were given."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from thatlook.core.addresses import is_address
from thatlook.core.errors import FeedError
from thatlook.core.image import SUFFIXES
from thatlook.core.records import Product
from thatlook.store.feed.object_stores import ObjectStore


class ImagePlaces:
    """Finds the pictures of a feed's products.

    A path is looked up in the folder `images`, then beside the feed, as it stands and with its
    "%20" decoded; it must stay inside, symbolic links included, so that a feed cannot name other
    files of this machine. Without any image the file in `images` whose name is the product's id
    is taken. With `store` in place of the folder `images` paths are looked up in it alone.
    """

    def __init__(
        self, feed_folder: Path, images: Path | None, store: ObjectStore | None = None
    ) -> None:
        if images is not None and not images.is_dir():
            raise FeedError(f"{images}: the folder of images is not there")
        folders = [folder for folder in (images, feed_folder) if folder is not None]
        self._store = store
        self._folders = {Path(os.path.normpath(f.absolute())): f.resolve() for f in folders}
        self._by_id = images is not None

    def located(self, product: Product) -> tuple[Product, tuple[str, ...]]:
        """The product and the places of its pictures, the main one first.

        The product's image_link is filled in where it was found by the id. Raises FeedError
        where it has no picture, or its main one is not there.
        """
        if not product.image_link and not product.additional_image_link:
            found = self._named(product.id)
            return replace(product, image_link=found.name), (str(found),)
        links = [product.image_link, *product.additional_image_link]
        places = [self._place(link) for link in links if link]
        there = tuple(dict.fromkeys(place for place in places if place))
        if not there:
            looked = self._store.base if self._store else " or ".join(map(str, self._folders))
            raise FeedError(f"the image {links[0] or links[1]!r} is not inside {looked}")
        if not product.image_link:
            product = replace(product, image_link=links[1], additional_image_link=tuple(links[2:]))
        return product, there

    def _place(self, link: str) -> str | None:
        """The link if it is an address, else the file that it means as it stands, or decoded."""
        if is_address(link):
            return link
        if self._store:
            return self._store.place(link)
        spelled = dict.fromkeys((link, unquote(link), unquote(link).replace("\\", "/")))
        return next(filter(None, map(self._file, spelled)), None)

    def _file(self, link: str) -> str | None:
        for folder, real in self._folders.items():
            path = Path(os.path.normpath(folder / link))
            if path.is_relative_to(folder) and _is_file(path) and _is_inside(path, real):
                return str(path)
        return None

    def _named(self, product_id: str) -> Path:
        images, real = next(iter(self._folders.items()))
        if self._by_id and product_id == Path(product_id).name:
            for suffix in (*SUFFIXES, *(s.upper() for s in SUFFIXES)):
                path = images / f"{product_id}{suffix}"
                if _is_file(path) and _is_inside(path, real):
                    return path
        where = f"no file of this name in {images}" if self._by_id else "no --images folder"
        raise FeedError(f"the row has no image_link, and there is {where}")


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether a file is in a folder also where symbolic links lead: a feed's may lead anywhere."""
    return path.resolve().is_relative_to(folder)


def _is_file(path: Path) -> bool:
    """Whether a file is there; False also for names that the system does not take."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
