"""How pictures and texts go into a pair, read from the settings that come with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from thatlook.core.errors import ModelError

CLIP_MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD: Final = (0.26862954, 0.26130258, 0.27577711)
"""What open_clip takes where its configuration names none."""

MOST_TOKENS: Final = 10_000
"""A tokenizer's configuration says a huge number where there is no limit."""

CLIP_TOKENS: Final = 77


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Crops of `size` (width, height), values 0..1 less `mean` over `std`; `fit` as in
    `inputs.FITS`.
    """

    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    fit: str


class PairSettings:
    """The JSON files beside a pair, as far as they are there."""

    def __init__(self, folder: Path, files: Sequence[str]) -> None:
        self._folder = folder
        self._files = frozenset(files)

    def _read(self, *names: str) -> Mapping[str, Any]:
        """The first of these files that is there, {} for none. Raises ModelError."""
        name = next((name for name in names if name in self._files), None)
        if name is None:
            return {}
        path = self._folder / name
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: expected JSON: {error}") from error
        if not isinstance(found, dict):
            raise ModelError(f"{path}: expected a JSON object")
        return found

    def preprocessing(self) -> Preprocessing:
        """How a crop becomes the image network's input. Raises ModelError where no file says."""
        told = self._read("preprocessor_config.json")
        try:
            if told:
                return _transformers(told)
            open_clip = self._read("open_clip_config.json")
            whole = open_clip.get("preprocess_cfg") or self._read("visual/preprocess_cfg.json")
            if open_clip or whole:
                vision = open_clip.get("model_cfg", {}).get("vision_cfg", {})
                return _open_clip(whole, vision)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"{self._folder}: how pictures go in cannot be read: {error!r}"
            ) from error
        raise ModelError(
            f"{self._folder}: expected preprocessor_config.json or open_clip_config.json, which "
            "say how pictures go in (size, mean, std)"
        )

    def length(self) -> int:
        """How many tokens a text has; CLIP's 77 where no file says."""
        tokenizer = self._read("tokenizer_config.json", "textual/tokenizer_config.json")
        text = self._read("config.json").get("text_config") or {}
        model = self._read("open_clip_config.json").get("model_cfg") or {}
        open_clip = model.get("text_cfg") or {}
        told = (
            text.get("max_position_embeddings"),
            open_clip.get("context_length"),
            tokenizer.get("model_max_length"),
        )
        fits = (n for n in told if isinstance(n, int) and 0 < n < MOST_TOKENS)
        return next(fits, CLIP_TOKENS)

    def pad_token(self) -> str:
        """The token that fills texts up; "" where no file says."""
        for kind in ("special_tokens_map.json", "tokenizer_config.json"):
            token = self._read(kind, f"textual/{kind}").get("pad_token")
            token = token.get("content") if isinstance(token, Mapping) else token
            if isinstance(token, str):
                return token
        return ""

    def license(self) -> str:
        """The licence that the model card's header names; "" for none."""
        if "README.md" not in self._files:
            return ""
        card = (self._folder / "README.md").read_text(encoding="utf-8", errors="replace")
        header = re.match(r"---\s*\n(.*?)\n---", card, re.DOTALL)
        found = re.search(r"^license:[ \t]*(\w[\w.+-]*)", header[1] if header else "", re.MULTILINE)
        return found[1] if found else ""


def _transformers(told: Mapping[str, Any]) -> Preprocessing:
    """Of a preprocessor_config.json."""
    factor = told.get("rescale_factor", 1 / 255)
    if not told.get("do_rescale", True) or abs(factor * 255 - 1) > 1e-3:
        raise ValueError("values must be rescaled by 1/255")
    cut = bool(told.get("do_center_crop", "crop_size" in told))
    size = _size(told["crop_size"] if cut else told["size"])
    if not told.get("do_normalize", True):
        return Preprocessing(size, (0.0,) * 3, (1.0,) * 3, _fit(cut=cut))
    return Preprocessing(size, tuple(told["image_mean"]), tuple(told["image_std"]), _fit(cut=cut))


def _open_clip(told: Mapping[str, Any], vision: Mapping[str, Any]) -> Preprocessing:
    """Of the preprocessing and the image network's part of an open_clip configuration."""
    size = _size(told.get("size") or vision["image_size"])
    mean, std = told.get("mean") or CLIP_MEAN, told.get("std") or CLIP_STD
    return Preprocessing(
        size, tuple(mean), tuple(std), _fit(cut=told.get("resize_mode") != "squash")
    )


def _fit(*, cut: bool) -> str:
    """A network that saw the middle of pictures gets all of an article, with what is around it; one
    that saw them squashed gets it squashed.
    """
    return "letterbox" if cut else "stretch"


def _size(value: Any) -> tuple[int, int]:
    """(width, height) of a number, [height, width] or an object."""
    if isinstance(value, int):
        return value, value
    if isinstance(value, Mapping):
        edge = value.get("shortest_edge")
        return (int(edge), int(edge)) if edge else (int(value["width"]), int(value["height"]))
    height, width = value
    return int(width), int(height)
