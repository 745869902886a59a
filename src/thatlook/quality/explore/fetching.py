"""Pictures of a feed that lie behind addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from thatlook.core.errors import FetchError
from thatlook.quality.facts import PictureFacts
from thatlook.store.feed.pictures import PictureFolder

READERS: Final = 16
"""Threads that fetch: they mostly wait."""


def fetch(urls: Mapping[str, str], pictures: PictureFolder) -> Iterator[tuple[str, PictureFacts]]:
    """For each product id its picture's file, as facts of a file that was not opened yet, or
    with the error of one that could not be had. Each address is asked once.
    """

    def one(url: str) -> PictureFacts:
        try:
            return PictureFacts(str(pictures.fetched(url)))
        except FetchError as error:
            return PictureFacts(url, "not_fetched", str(error))

    with ThreadPoolExecutor(READERS, thread_name_prefix="fetch") as readers:
        asked = {url: readers.submit(one, url) for url in dict.fromkeys(urls.values())}
        for name, url in urls.items():
            yield name, asked[url].result()
