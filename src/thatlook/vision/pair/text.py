"""A pair's text network: words to a unit vector among those of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import MissingExtraError, ModelError
from thatlook.core.records import Vector
from thatlook.vision.models.session import Runs, output_of_shape
from thatlook.vision.pair.spec import ID_TYPES, PairSpec, TextInput, filled
from thatlook.vision.stages.embedding import unit, vector_output

EXTRA: Final = "clip"


class TextEncoder:
    """Texts to unit vectors in the `space` of a pair's image network, which is its key.

    `narrow`: such pairs give all pictures about the same likeness to a text, so a likeness says
    something only beside others. Tokenizer and network are opened at the first use.
    """

    narrow: Final = True
    guesses: Final = False

    def __init__(self, pair: PairSpec, session: Runs) -> None:
        self._pair = pair
        self._session = session
        self._input = TextInput.of(pair.text)
        self._output = vector_output(pair.text)

    @classmethod
    def of(cls, pair: PairSpec, threads: int = 0) -> Self:
        """The encoder of a registered pair. Raises ModelError."""
        return cls(pair, filled(pair.text, threads))

    @property
    def space(self) -> str:
        """The key of the image network among whose vectors these are."""
        return self._pair.image.key

    @property
    def name(self) -> str:
        """The pair's id."""
        return self._pair.image.id

    def embed(self, words: Sequence[str]) -> Vector | None:
        """The unit vector, float32 (dim,), of words; None for none. Raises ModelError."""
        return self.of_text(" ".join(words))

    def embed_all(self, texts: Sequence[Sequence[str]]) -> list[Vector | None]:
        """`embed` of each of the texts, as many at a time as the entry's `batch`."""
        told = [joined for words in texts if (joined := " ".join(words)).strip()]
        vectors = iter(unit(self._raw(told)) if told else ())
        return [next(vectors) if " ".join(words).strip() else None for words in texts]

    def of_text(self, text: str) -> Vector | None:
        """The unit vector of a text; None for one without letters. Raises ModelError."""
        if not text.strip():
            return None
        found: Vector = unit(self.raw(text)[None])[0]
        return found

    def raw(self, text: str) -> NDArray[np.float32]:
        """The network's own numbers, float32 (dim,), for a text. Raises ModelError."""
        (found,) = self._raw([text])
        return np.asarray(found, np.float32)

    def _raw(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The same (n, dim) for several."""
        size = self._input.batch
        parts = [texts[start : start + size] for start in range(0, len(texts), size)]
        return np.concatenate(list(map(self._together, parts)))

    def _together(self, texts: Sequence[str]) -> NDArray[np.float32]:
        read = list(map(self.tokens, texts))
        inputs = {name: np.stack([one[name] for one in read]) for name in read[0]}
        shape = (len(texts), self._pair.dim)
        found = output_of_shape(self._pair.text, self._session.run(inputs), self._output, shape)
        return np.asarray(found, np.float32)

    def tokens(self, text: str) -> dict[str, NDArray[Any]]:
        """The text network's inputs (length,): ids, cut off or padded, and their mask."""
        into = self._input
        encoded = self._tokenizer.encode(text)
        kind = ID_TYPES[into.type]
        made = {into.ids: np.array(encoded.ids, kind)}
        if into.mask:
            made[into.mask] = np.array(encoded.attention_mask, kind)
        return made

    @cached_property
    def _tokenizer(self) -> Any:
        tokenizer = opened_tokenizer(self._pair.read_tokenizer(), self._pair.image.id)
        into = self._input
        tokenizer.enable_truncation(into.length)
        tokenizer.enable_padding(
            length=into.length, pad_id=into.pad_id, pad_token=into.pad_token, direction="right"
        )
        return tokenizer


def opened_tokenizer(text: str, name: str) -> Any:
    """The tokenizer of the text of a tokenizer.json. Raises ModelError, MissingExtraError."""
    try:
        import tokenizers
    except ModuleNotFoundError as error:
        raise MissingExtraError("a text-image pair (tokenizers)", EXTRA) from error
    try:
        return tokenizers.Tokenizer.from_str(text)
    except Exception as error:  # the library raises no narrower class
        raise ModelError(f"{name}: the tokenizer cannot be read: {error}") from error
