"""The color of worn articles, fitted to what an eye read.

thatlook train worn-color --data DATA --eye-labels labels --model ENTRY

The networks stay: a linear term in what the pixels of an article say is added to the logits of the
color head (`thatlook.vision.worn_color`). It is fitted to the worn articles of the train side and
measured on those of the val side.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from thatlook.core.color import related
from thatlook.core.errors import DataError
from thatlook.core.files import write_whole
from thatlook.core.image import decode
from thatlook.core.progress import Progress
from thatlook.core.settings import Settings
from thatlook.data.eye_labels import FILE
from thatlook.data.splits import split_of
from thatlook.data.worn import WornPhoto, read_worn
from thatlook.training.looked_at import STREET
from thatlook.vision.article_color import cloth_of
from thatlook.vision.models.registry import resolve
from thatlook.vision.models.session import Session
from thatlook.vision.stages.article import ArticleStage
from thatlook.vision.stages.embedding import EmbeddingStage
from thatlook.vision.worn_color import FEATURES, KEY, LEAST, WornColor, pixel_features

STEPS: Final = 400
RATE: Final = 2e-2
SMOOTHING: Final = 0.05
DECAY: Final = 3e-4
FLOOR: Final = 1e-9
"""The weight of labels that an eye did not name."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadColor:
    """A worn article: the head's probabilities (labels,), `pixels` (FEATURES,), `right` (labels,)
    the label that an eye named, or all shades of its colors where the head lacks that one.
    """

    split: str
    head: NDArray[np.float64]
    pixels: NDArray[np.float64]
    right: NDArray[np.bool_]
    near: NDArray[np.bool_]
    """Labels that are a shade of any of its colors: what counts as right when it is measured."""


def read_colors(
    photos: Sequence[WornPhoto], images: Path, settings: Settings
) -> Iterator[ReadColor]:
    """The worn articles of photos in the folder `images` that have labels made by eye, as the
    networks of the settings see them. Raises DataError, PhotoError, ModelError.
    """
    articles = ArticleStage.of(
        Session(resolve("article", settings.article_model), settings.threads), settings
    )
    spec = resolve("embedding", settings.embedding_model)
    embedding = EmbeddingStage(Session(spec, settings.threads))
    names = spec.names("color")
    for photo in Progress(photos, desc="photos"):
        image = decode(images / photo.file, settings)
        masks = articles.masks(image, [(worn.category, worn.box) for worn in photo.articles])
        found = embedding.run(image, [worn.box for worn in photo.articles])
        for worn, read, mask in zip(photo.articles, found, masks, strict=True):
            if not worn.colors:
                continue
            near = np.array([any(related(n, color) for color in worn.colors) for n in names])
            right = np.array([name == worn.colors[0] for name in names])
            head = np.array(list(read.probabilities["color"].values()))
            pixels = pixel_features(*cloth_of(image, worn.box, mask))
            split = split_of(photo.file)
            yield ReadColor(split, head, pixels, right if right.any() else near, near)


def street_photos(data: Path, labels: Path) -> list[WornPhoto]:
    """The street photos that have labels made by eye, with what is worn in each."""
    paths = (data / "street" / FILE, *(labels / name for name in STREET))
    return [photo for path in paths for photo in read_worn(path) if photo.articles]


def fit_color(articles: Sequence[ReadColor]) -> WornColor:
    """The correction that makes what an eye read most likely. Raises DataError without any."""
    known = [article for article in articles if article.right.any()]
    if not known:
        raise DataError("no worn article has a color that the network names")
    pixels = np.stack([article.pixels for article in known])
    mean, deviation = pixels.mean(0), pixels.std(0) + 1e-2
    standard = _floats((pixels - mean) / deviation)
    seen = _floats(np.log(np.maximum(np.stack([a.head for a in known]), LEAST)))
    right = _floats(np.stack([a.right for a in known]))
    scale, weights, bias = _fitted(seen, standard, right)
    weights = weights / deviation[:, None]
    return WornColor(scale, weights, bias - mean @ weights)


def _fitted(
    seen: Tensor, pixels: Tensor, right: Tensor
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    scale = torch.ones(1, requires_grad=True)
    term = torch.zeros(len(FEATURES) + 1, seen.shape[1], requires_grad=True)
    inputs = torch.cat([pixels, torch.ones(len(pixels), 1)], 1)
    adam = torch.optim.Adam([scale, term], RATE)
    for _ in range(STEPS):
        log = functional.log_softmax(scale * seen + inputs @ term, 1)
        likely = torch.logsumexp(log + torch.log(right + FLOOR), 1).mean()
        loss = DECAY * term.square().sum() - likely - SMOOTHING * log.clamp(min=-12).mean()
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
    found = term.detach().double().numpy()
    return float(scale.detach()), found[:-1], found[-1]


def _floats(values: NDArray[Any]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))


def measure_color(articles: Sequence[ReadColor], correction: WornColor) -> dict[str, float]:
    """The share of articles that are called a color that they have, or a shade of one: by the
    head alone, and corrected. Of none there is only their number.
    """
    if not articles:
        return {"articles": 0.0}
    heads = np.stack([article.head for article in articles])
    pixels = np.stack([article.pixels for article in articles])
    near = np.stack([article.near for article in articles])
    rows = np.arange(len(articles))
    corrected = correction.logits(heads, pixels)
    return {
        "articles": float(len(articles)),
        "head": float(near[rows, heads.argmax(1)].mean()),
        "corrected": float(near[rows, corrected.argmax(1)].mean()),
    }


def worn_color(data: Path, labels: Path, model: Path, threads: int = 0) -> dict[str, float]:
    """Fit the correction, write it into the entry `model`; its figures on the val side.

    `data` is the folder with street/, `labels` that of labels made by eye. Raises ModelError,
    DataError, PhotoError.
    """
    torch.manual_seed(0)
    settings = replace(Settings.load(), embedding_model=str(model))
    if threads:
        settings = replace(settings, threads=threads)
    photos = street_photos(data, labels)
    found = list(read_colors(photos, data / "street" / "images", settings))
    correction = fit_color([article for article in found if article.split == "train"])
    entry: dict[str, Any] = json.loads(model.read_text(encoding="utf-8"))
    entry[KEY] = correction.to_entry()
    write_whole(model, (json.dumps(entry, indent=1, ensure_ascii=False) + "\n").encode())
    measured = measure_color([a for a in found if a.split != "train"], correction)
    return {name: round(value, 4) for name, value in measured.items()}
