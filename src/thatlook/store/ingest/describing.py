"""Pictures of products to what a catalog keeps of them: runs in the worker processes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from thatlook.core.errors import PhotoError
from thatlook.core.image import Pixels, decode
from thatlook.core.records import Described, Product
from thatlook.core.settings import Settings

MAX_IMAGES = 8
"""Of more pictures of one product only the first are looked at."""

_ABSENT = b"absent"


class Describer(Protocol):
    """Makes vectors of products' pictures."""

    @property
    def key(self) -> str:
        """Which network makes the vectors."""
        ...

    @property
    def dim(self) -> int:
        """The vectors' length."""
        ...

    def describe(self, items: Sequence[tuple[Pixels, Product]]) -> list[Described]:
        """One Described per picture, in order."""
        ...


class DescriberFactory(Protocol):
    """Makes a describer in the process that calls it; is sent to worker processes by pickle."""

    def __call__(self) -> Describer:
        """A new describer."""
        ...


@dataclass(frozen=True, slots=True)
class Describing:
    """Makes what describes jobs, in the process that does it."""

    factory: DescriberFactory

    def __call__(self) -> Callable[..., list[DescribeOutcome]]:
        """`describe_jobs` with one describer."""
        return partial(describe_jobs, self.factory())


@dataclass(frozen=True, slots=True)
class DescribeJob:
    """A product to be described from the files of its pictures, the main one first.

    `known` says whether the catalog has it already.
    """

    line: int
    product: Product
    files: tuple[str, ...]
    row_hash: str
    known: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class DescribeOutcome:
    """What became of a job: `described` is of the picture `file`, None where no one could be used.

    `model_key` names the network. `image_hash` is that of all pictures. `messages` say which
    could not be used, and why; `files` are all that could.
    """

    job: DescribeJob
    described: Described | None = None
    model_key: str = ""
    file: str = ""
    image_hash: str = ""
    messages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def lost(job: DescribeJob, why: str) -> DescribeOutcome:
    """What becomes of a job whose process died."""
    return DescribeOutcome(job, messages=(why,))


def hash_of(files: Sequence[str]) -> str:
    """The sha256 of the contents of these files together; unreadable ones count as absent."""
    whole = hashlib.sha256()
    for file in files[:MAX_IMAGES]:
        try:
            whole.update(_digest(file))
        except OSError:
            whole.update(_ABSENT)
    return whole.hexdigest()


def _digest(file: str) -> bytes:
    with Path(file).open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()


@dataclass(frozen=True, slots=True)
class PictureFile:
    """What was read of a file: its bytes, empty where they are too many or it cannot be read
    (`problem` says why), and the sha256 of all of them.
    """

    data: bytes
    digest: bytes
    problem: str = ""


def read_picture(file: str, settings: Settings) -> PictureFile:
    """Reads the file of a picture; raises nothing."""
    try:
        if Path(file).stat().st_size > settings.max_photo_bytes:
            return PictureFile(b"", _digest(file), f"more than {settings.max_photo_bytes} bytes")
        data = Path(file).read_bytes()
    except OSError as error:
        return PictureFile(b"", _ABSENT, error.strerror or str(error))
    return PictureFile(data, hashlib.sha256(data).digest())


def describe_jobs(
    describer: Describer,
    jobs: Sequence[DescribeJob],
    settings: Settings | None = None,
    files: Mapping[str, PictureFile] | None = None,
) -> list[DescribeOutcome]:
    """Decodes and describes; of several pictures the one is kept that shows the article best.

    Best is one in which the detector found the article, then the highest score, then the first.
    `files` are the pictures by their names, where another machine has read them.
    """
    opened = [_opened(job, settings or Settings(), files) for job in jobs]
    items = [(image, one.job.product) for one in opened for _, image in one.images]
    described = iter(describer.describe(items) if items else [])
    key = describer.key
    return [_best(one, [next(described) for _ in one.images], key) for one in opened]


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    job: DescribeJob
    images: tuple[tuple[str, Pixels], ...]
    image_hash: str
    messages: tuple[str, ...]


def _opened(
    job: DescribeJob, settings: Settings, files: Mapping[str, PictureFile] | None
) -> _Opened:
    """The pictures of a job, decoded. The hash is of the very bytes that were decoded."""
    whole, images, messages = hashlib.sha256(), [], []
    for file in job.files[:MAX_IMAGES]:
        read = read_picture(file, settings) if files is None else files[file]
        whole.update(read.digest)
        try:
            if read.problem:
                messages.append(f"{file}: {read.problem}")
            else:
                images.append((file, decode(read.data, settings)))
        except PhotoError as error:
            messages.append(f"{file}: {error.message}")
    return _Opened(job, tuple(images), whole.hexdigest(), tuple(messages))


def _best(opened: _Opened, described: Sequence[Described], key: str) -> DescribeOutcome:
    if not described:
        return DescribeOutcome(opened.job, messages=opened.messages)
    places = range(len(described))
    best = max(places, key=lambda n: (described[n].found, described[n].article_score, -n))
    files = tuple(file for file, _ in opened.images)
    told = (opened.image_hash, opened.messages, files)
    return DescribeOutcome(opened.job, described[best], key, files[best], *told)
