"""`demo`: the main job on what ships inside the package."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from thatlook.cli.command import Command
from thatlook.cli.options import PATH, json_option
from thatlook.core.files import write_whole

if TYPE_CHECKING:
    from thatlook.core.records import Recommendation
    from thatlook.engine import Engine
    from thatlook.render.board import BoardEntry

K = 6
SAME_ARTICLE_IOU = 0.5
NOTE = (
    "Every photo and product here is computer-generated: rendered from MakeHuman's CC0 meshes, "
    "with invented brands. Boxes, key points, gender and the full-shot check come from thatlook's "
    "own networks; under each photo's articles stand the most similar products of the sample shop."
)


def sample() -> Path:
    """The folder of the sample that ships: products.csv, looks.jsonl and images/."""
    return Path(str(resources.files("thatlook.sample")))


@dataclass(frozen=True, slots=True)
class WornArticleResult:
    """One article of the table: what was worn, what came first, at which place it was found."""

    photo: str
    category: str
    worn: str
    first: str
    score: float
    rank: int | None


@click.command(cls=Command, examples=("thatlook demo --out demo",))
@click.option("--out", type=PATH, default="demo", metavar="DIR", help="default demo")
@json_option
def demo(out: Path, as_json: bool) -> int:
    """Index the bundled sample, recommend, write a page."""
    from thatlook.core.progress import Progress
    from thatlook.core.settings import Settings
    from thatlook.engine import Engine
    from thatlook.render.board import page

    out.mkdir(parents=True, exist_ok=True)
    looks = [json.loads(line) for line in (sample() / "looks.jsonl").read_text().splitlines()]
    with Engine.open(out / "catalog", Settings.load()) as engine:
        # The folder may hold the sample of an older thatlook.
        report = engine.index(
            sample() / "products.csv", sample(), progress=True, allow_removals=True
        )
        print(f"thatlook: {report}", file=sys.stderr)
        engine.parse(sample() / looks[0]["file"])  # opens the networks, so that times are warm
        entries = [_entry(engine, look) for look in Progress(looks, unit="photo")]
        text = page(entries, engine.picture, "thatlook: buy me that look", NOTE)
    target = out / "index.html"
    write_whole(target, text.encode())
    rows = [row for look, entry in zip(looks, entries, strict=True) for row in _rows(look, entry)]
    print(json.dumps(_summary(rows)) if as_json else _table(rows))
    print(f"thatlook: the page is {target.resolve()}", file=sys.stderr)
    return 0


def _entry(engine: Engine, look: dict[str, Any]) -> BoardEntry:
    from thatlook.render.board import BoardEntry

    photo = sample() / look["file"]
    return BoardEntry.of(engine.recommend(photo, k=K), photo.stem.replace("_", " "))


def _rows(look: dict[str, Any], entry: BoardEntry) -> list[WornArticleResult]:
    return [_row(look, article, entry) for article in look["articles"]]


def _row(look: dict[str, Any], worn: dict[str, Any], entry: BoardEntry) -> WornArticleResult:
    photo = Path(look["file"]).stem
    found = _recommended(worn, entry)
    if found is None or not found.matches:
        return WornArticleResult(photo, worn["category"], worn["product_id"], "", 0.0, None)
    ids = [match.product.id for match in found.matches]
    rank = ids.index(worn["product_id"]) + 1 if worn["product_id"] in ids else None
    best = found.matches[0]
    return WornArticleResult(
        photo, worn["category"], worn["product_id"], best.product.id, best.score, rank
    )


def _recommended(worn: dict[str, Any], entry: BoardEntry) -> Recommendation | None:
    """The recommendation for the article that really is where the label says."""
    from thatlook.core.records import Box

    truth = Box(*worn["box"])
    for found in entry.result.recommendations:
        box = entry.result.look.articles[found.article].box
        if found.category == worn["category"] and box.iou(truth) >= SAME_ARTICLE_IOU:
            return found
    return None


def _summary(rows: list[WornArticleResult]) -> dict[str, Any]:
    ranks = [row.rank for row in rows]
    return {
        "articles": len(rows),
        "worn_product_first": sum(rank == 1 for rank in ranks),
        f"worn_product_in_{K}": sum(rank is not None for rank in ranks),
        "rows": [asdict(row) for row in rows],
    }


def _table(rows: list[WornArticleResult]) -> str:
    lines = [
        f"{'photo':<10} {'article':<11} {'worn':<8} {'best':<8} {'score':>5}  the worn product is"
    ]
    for row in rows:
        rank = (
            f"number {row.rank}" if row.rank else f"not among {K}" if row.first else "not detected"
        )
        worn = f"{row.photo:<10} {row.category:<11} {row.worn:<8}"
        lines.append(f"{worn} {row.first or '-':<8} {row.score:5.2f}  {rank}")
    summary = _summary(rows)
    lines.append(
        f"{summary['articles']} articles worn: {summary['worn_product_first']} found at the first "
        f"place, {summary[f'worn_product_in_{K}']} among the first {K}"
    )
    return "\n".join(lines)
