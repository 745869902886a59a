"""Which files of a folder or of a repository on the hub are the parts of a pair.

Known are the layouts of transformers.js (`onnx/vision_model.onnx`, `onnx/text_model.onnx`), of
optimum (one `model.onnx` with both) and of open_clip's exports (`visual/`, `textual/`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from thatlook.core.errors import ModelError

FOLDERS: Final = ("onnx/", "")
IMAGES: Final = ("vision_model", "visual/model", "image_encoder", "vision", "visual")
TEXTS: Final = ("text_model", "textual/model", "text_encoder", "text", "textual")
BOTH: Final = ("model",)
TOKENIZERS: Final = ("tokenizer.json", "textual/tokenizer.json", "onnx/tokenizer.json")
SETTINGS: Final = (
    "config.json",
    "preprocessor_config.json",
    "open_clip_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "visual/preprocess_cfg.json",
    "textual/tokenizer_config.json",
    "textual/special_tokens_map.json",
    "README.md",
)
"""What says how pictures and texts go in, and the licence; each may be missing."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts by their paths in the folder; `image` and `text` are one file where both are."""

    image: str
    text: str
    tokenizer: str
    settings: tuple[str, ...]

    def files(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((*self.settings, self.tokenizer, self.text, self.image)))


def layout_of(names: Collection[str], where: str, variant: str = "") -> Layout:
    """The parts among the files `names`; `variant` is the end of the networks' names, such as
    "quantized". Raises ModelError, which says what is missing in `where`.
    """
    image, text = (_first(kinds, names, variant) for kinds in (IMAGES, TEXTS))
    if not image or not text:
        image = text = _first(BOTH, names, variant)
    if not image or not text:
        there = ", ".join(sorted(name for name in names if name.endswith(".onnx"))) or "no .onnx"
        raise ModelError(
            f"{where}: expected {', '.join(_named(variant))}, or one model with both; there are: "
            f"{there}; --variant names another kind, such as quantized"
        )
    tokenizer = next((name for name in TOKENIZERS if name in names), "")
    if not tokenizer:
        raise ModelError(
            f"{where}: expected tokenizer.json; transformers writes one: "
            "AutoTokenizer.from_pretrained(...).save_pretrained(FOLDER)"
        )
    return Layout(image, text, tokenizer, tuple(name for name in SETTINGS if name in names))


def _first(kinds: Collection[str], names: Collection[str], variant: str) -> str:
    return next((name for name in _paths(kinds, variant) if name in names), "")


def _paths(kinds: Collection[str], variant: str) -> Iterator[str]:
    ending = f"_{variant}.onnx" if variant else ".onnx"
    for kind in kinds:
        yield from (f"{folder}{kind}{ending}" for folder in FOLDERS)


def _named(variant: str) -> list[str]:
    return [next(_paths((kinds[0],), variant)) for kinds in (IMAGES, TEXTS)]
