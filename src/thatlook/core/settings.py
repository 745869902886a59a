"""One frozen Settings: an argument beats THATLOOK_* in the environment, beats a TOML file,
beats the default written here.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from thatlook.core.checks import check_share, check_type
from thatlook.core.errors import SettingsError
from thatlook.core.nearest import did_you_mean

PREFIX = "THATLOOK_"
SERVICE_PREFIX = "THATLOOK_SERVE_"
"""The service checks its own variables."""
OTHER_VARIABLES = ("SETTINGS", "CACHE", "DATA", "CHROMIUM", "CHROMEDRIVER", "KEY")
"""Variables of this prefix that are no settings: a file of them, the folder of caches, the tests'
photos, the crawler's browser (its driver is no longer needed), the key in the page's example of a
call.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every dial of thatlook. `THATLOOK_GENDER_THRESHOLD=0.9` sets `gender_threshold`."""

    max_photo_bytes: int = 25_000_000
    max_photo_pixels: int = 60_000_000
    max_photo_scans: int = 100
    """Scans of a JPEG. A progressive one has about 10; each costs a pass over all pixels."""
    max_decoding_bytes: int = 1_000_000_000
    """What the photos that a process decodes at one time may take, at 7 bytes a pixel; more of them
    wait. One photo may always be decoded."""
    min_photo_side_px: int = 16

    threads: int = 0
    """Threads of each network; 0 lets ONNX Runtime take one per core."""

    max_removed_share: float = 0.1
    """A feed that has lost more than this share of the catalog's products, and more than 5 of them,
    is refused; 1 believes every feed."""

    article_model: str = ""
    """Path of a registry entry (JSON) to use in place of the shipped article network."""
    person_model: str = ""
    embedding_model: str = ""
    text_model: str = ""
    text_image_model: str = ""
    """Path of the entry of a text-image pair (`thatlook models add`), whose vectors are kept beside
    those of the embedding network; "" for none."""
    compatibility_model: str = ""

    article_threshold: float = 0.0
    """Detections of articles below this score are dropped; 0 takes the score of each category that
    the network's registry entry tells, 0.4 for those it has none for."""
    person_threshold: float = 0.35
    nms_iou: float = 0.6
    """Of two detections of one class that overlap by more than this, the better one is kept; from
    0.3 on the other one counts for less (`stages.article.select`)."""
    keypoint_threshold: float = 0.2
    """A key point of head or feet below this score counts as not seen by the gate."""
    torso_threshold: float = 0.3
    """The same for shoulders and hips."""
    foot_room: float = 0.09
    """A foot needs this share of the person's height between its ankle and the frame's end."""
    front_threshold: float = 0.5
    """A person whose front probability is lower is not front-facing for the gate."""
    gender_threshold: float = 0.8
    """A gender estimate below this probability becomes "unknown"; 1.01 switches it off."""

    very_close_score: float = 0.5
    """A match from this score on is called very close. A score is a probability, so this and the
    next hold for any calibrated network."""
    similar_score: float = 0.2
    """From this score on a match is called similar, below it the same idea. Where no product of an
    article's category is similar, neighbouring categories are searched too; 0 never does."""
    out_of_stock: str = "hide"
    """"hide": products out of stock are neither recommended nor similar, unless a request names
    their availability; "show": they are, and pages mark them."""
    default_k: int = 10
    max_k: int = 1000

    def __post_init__(self) -> None:
        for entry in fields(self):
            check_type(entry.name, getattr(self, entry.name), type(entry.default))
        for name in (
            "max_photo_bytes",
            "max_photo_pixels",
            "max_photo_scans",
            "max_decoding_bytes",
            "min_photo_side_px",
            "default_k",
            "max_k",
        ):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be 1 or more, not {getattr(self, name)}")
        for name in (
            "max_removed_share",
            "article_threshold",
            "person_threshold",
            "nms_iou",
            "keypoint_threshold",
            "torso_threshold",
            "foot_room",
            "front_threshold",
            "very_close_score",
            "similar_score",
        ):
            check_share(name, getattr(self, name))
        if self.similar_score > self.very_close_score:
            raise SettingsError(
                f"similar_score must be {self.very_close_score} (very_close_score) or less, not "
                f"{self.similar_score}"
            )
        if not 0 <= self.gender_threshold <= 2:  # above 1 switches the estimate off
            raise SettingsError(
                f"gender_threshold must be within 0..2, not {self.gender_threshold}"
            )
        if self.out_of_stock not in {"hide", "show"}:
            raise SettingsError(f"out_of_stock must be hide or show, not {self.out_of_stock!r}")
        if self.threads < 0:
            raise SettingsError(f"threads must be 0 (one per core) or more, not {self.threads}")

    @classmethod
    def load(
        cls,
        file: str | Path | None = None,
        environment: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> Self:
        """Settings from all four places; arguments that are None do not count.

        `file` is a TOML file (default: what THATLOOK_SETTINGS names, if anything).
        Raises SettingsError for an unknown name (also of a variable THATLOOK_...), a value of the
        wrong type, an unreadable file.
        """
        env = os.environ if environment is None else environment
        file = env.get(PREFIX + "SETTINGS", "") if file is None else file
        values = {} if isinstance(file, str) and not file else _from_file(file)
        kinds = {entry.name: type(entry.default) for entry in fields(cls)}
        _check_names(env, kinds)
        for name in kinds:
            if PREFIX + name.upper() in env:
                values[name] = env[PREFIX + name.upper()]
        values |= {name: value for name, value in arguments.items() if value is not None}
        unknown = sorted(values.keys() - kinds.keys())
        if unknown:
            raise SettingsError(f"unknown setting {unknown[0]!r}; known are {', '.join(kinds)}")
        return cls(**{name: _as(kinds[name], name, value) for name, value in values.items()})


def environment_beside(file: str | Path) -> dict[str, str]:
    """The environment without the variables of what this TOML file sets: with it the file counts.

    For a second engine in one process, whose settings are its own. Raises SettingsError.
    """
    told = {PREFIX + name.upper() for name in _from_file(file)}
    return {name: value for name, value in os.environ.items() if name not in told}


def _check_names(env: Mapping[str, str], settings: Iterable[str]) -> None:
    """Raises SettingsError for a variable THATLOOK_... that nothing reads: it may be misspelt."""
    known = [*map(str.upper, settings), *OTHER_VARIABLES]
    for variable in sorted(env):
        name = variable.removeprefix(PREFIX)
        if variable == name or name in known or variable.startswith(SERVICE_PREFIX):
            continue
        raise unknown_variable(name, PREFIX, known)


def unknown_variable(name: str, prefix: str, known: Sequence[str]) -> SettingsError:
    """The error for a variable that nothing reads, with the nearest of `known`."""
    near = did_you_mean(name, known, 1, prefix)
    hint = near or f"known are {', '.join(known)}"
    return SettingsError(f"unknown environment variable {prefix}{name}; {hint}")


def _from_file(path: str | Path) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, TypeError, ValueError) as error:  # no path, no text, no TOML
        raise SettingsError(f"{path}: expected a TOML file of settings: {error}") from error


def _as(kind: type, name: str, value: Any) -> Any:
    """`value` as `kind`; text is converted, other types must fit."""
    wrong = SettingsError(f"{name} must be a {kind.__name__}, not {value!r}")
    if isinstance(value, bool) and kind is not bool:
        raise wrong
    if kind is float and isinstance(value, int):
        return float(value)
    if isinstance(value, str) and kind is not str:
        try:
            return kind(value)
        except ValueError:
            raise wrong from None
    if not isinstance(value, kind):
        raise wrong
    return value
