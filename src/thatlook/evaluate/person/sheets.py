"""Contact sheets for what only an eye can judge: draw, look, count.

`thatlook evaluate person --data DATA --look KIND --html FILE` draws what the whole pipeline makes
of fixed lists of photos, so that the looking can be repeated with every new network.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Final

from markupsafe import Markup

from thatlook.core.errors import DataError, SettingsError
from thatlook.core.files import write_whole
from thatlook.core.image import decode
from thatlook.core.progress import Progress
from thatlook.core.records import Look
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import PERSON_CLASS
from thatlook.data.splits import split_of
from thatlook.evaluate.options import PersonOptions
from thatlook.evaluate.report import folder_of
from thatlook.render import page
from thatlook.render.photo import Mark, color_of, figure
from thatlook.vision.analyzer import Analyzer

POSES: Final = 60
SIZE: Final = (300, 450)


def list_lines(name: str) -> list[str]:
    """The lines of a list that ships with the protocols, without its comments."""
    text = resources.files(__package__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def lone_products(data: Path) -> list[Path]:
    """300 products photographed without any part of a person, chosen by eye."""
    photos = [data / "catalog" / "images" / f"{name}.jpg" for name in list_lines("lone_products")]
    return [path for path in photos if path.is_file()]


def crowded(data: Path) -> list[Path]:
    """100 street photos in which several people can be seen."""
    photos = [data / "street" / "images" / name for name in list_lines("crowded_street")]
    return [path for path in photos if path.is_file()]


def val_street_photos(data: Path) -> list[Path]:
    """60 street photos of the val side."""
    photos = sorted((data / "street" / "images").glob("*.jpg"))
    val = [path for path in photos if split_of(path.name) == "val"]
    return val[:: max(1, len(val) // POSES)][:POSES]


KINDS: Final[dict[str, tuple[Callable[[Path], list[Path]], str]]] = {
    "keypoints": (
        val_street_photos,
        "Yellow is the person's own left. Count photos with left and right exchanged.",
    ),
    "bystanders": (
        crowded,
        "Boxes are what the main person is said to wear. Count articles that someone else wears.",
    ),
    "lone": (lone_products, "Count photos with a person: nobody is there."),
}
"""What can be looked at: the photos, and what to look for."""


def analyzer_of(options: PersonOptions, told: Settings | None = None) -> Analyzer:
    """The whole pipeline with the person network that the options name; `told` are the settings
    to take in place of those in use.
    """
    told = told or Settings.load()
    person = options.model or told.person_model
    return Analyzer.open(replace(told, person_model=person, threads=options.threads))


def people_in(analyzer: Analyzer, photos: Sequence[Path]) -> list[tuple[Path, Look]]:
    """Those photos in which the pipeline reports a person, with their looks."""
    seen = ((path, analyzer.parse(path)) for path in Progress(photos, desc="photos"))
    return [(path, look) for path, look in seen if look.person is not None]


def drawn(path: Path, look: Look, *, bones: bool = True, articles: bool = True) -> Markup:
    """The photo with the look drawn: the articles, the person's box and key points."""
    marks = [
        Mark(article.box.to_list(), f"{article.category} {article.score:.2f}", color)
        for article in (look.articles if articles else ())
        if (color := color_of(article.category))
    ]
    caption, poses = [path.name], []
    if look.person is not None:
        person = look.person
        text = f"{PERSON_CLASS} {person.score:.2f}"
        marks.append(Mark(person.box.to_list(), text, color_of(PERSON_CLASS), dashed=True))
        caption.append(f"{person.view}, {person.gender} {person.gender_score:.2f}")
        caption += list(person.gate.failed)
        if bones:
            poses = [([(k.x, k.y, k.score) for k in person.keypoints], "#ffd54a")]
    return figure(decode(path), caption, marks, poses, SIZE)


def run(options: PersonOptions) -> int:
    """Draw the sheet that `options.look` names into `options.html`; the exit status.

    Raises SettingsError without --html, DataError where the photos are not there.
    """
    choose, lead = KINDS[options.look or ""]
    photos = choose(folder_of(options))
    if not options.html:
        raise SettingsError(f"--look {options.look} needs --html FILE")
    if not photos:
        raise DataError(f"{options.data}: none of the photos that --look {options.look} shows")
    analyzer = analyzer_of(options)
    if options.look == "lone":
        seen = people_in(analyzer, photos)
    else:
        seen = [(path, analyzer.parse(path)) for path in Progress(photos, desc="photos")]
    shown = {"bones": options.look != "bystanders", "articles": options.look != "keypoints"}
    sheet = page.sheet(drawn(path, look, **shown) for path, look in seen)
    title = f"To look at: {options.look}"
    text = page.document(title, page.section(title, sheet, lead=lead))
    write_whole(options.html, text.encode())
    sys.stdout.write(f"{len(photos)} photos, {len(seen)} drawn in {options.html}\n")
    return 0
