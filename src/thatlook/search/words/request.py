"""What a shopper asks for in words, beside a photo or without one."""

from __future__ import annotations

from dataclasses import dataclass, field

from thatlook.core.checks import check_share, check_type, set_of_texts
from thatlook.core.errors import SettingsError
from thatlook.core.records import Vector
from thatlook.search.index import Filters
from thatlook.search.request import AGE_CHOICES, TEXT_WEIGHT


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WordRequest:
    """Everything that shapes an answer to words.

    `off` holds the keys of chips that the shopper took off ("color:red"). `category` and `gender`
    (None: what the words say) go before what was understood, as do the parts of `filters`; so does
    an `age` other than "auto". `vector` is that of a photo's article, unit (dim,), and
    `text_weight`, 0..1, how far the words move it; `photo_type` and
    `photo_gender` are what is seen there, for where the words are silent.
    """

    text: str
    k: int = 10
    offset: int = 0
    category: str | None = None
    gender: str | None = None
    age: str = "auto"
    filters: Filters = field(default_factory=Filters)
    off: frozenset[str] = frozenset()
    vector: Vector | None = None
    photo_type: str = ""
    photo_gender: str | None = None
    text_weight: float = TEXT_WEIGHT

    def __post_init__(self) -> None:
        object.__setattr__(self, "off", set_of_texts("off", self.off))
        if not isinstance(self.text, str):
            raise SettingsError(f"expected words as text, not {type(self.text).__name__}")
        for name in ("k", "offset"):
            check_type(name, getattr(self, name), int)
        if self.k < 1 or self.offset < 0:
            raise SettingsError(
                f"k must be 1 or more and offset 0 or more, not {self.k} and {self.offset}"
            )
        if self.age not in AGE_CHOICES:
            raise SettingsError(f"age must be one of {', '.join(AGE_CHOICES)}, not {self.age!r}")
        check_share("text_weight", self.text_weight)
