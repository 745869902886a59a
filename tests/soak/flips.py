"""Flipped bits in a catalog's database, log and caches and in weights; says what was told.

    python -m tests.soak.flips --count 500

A shop of the bundled sample on the double: after each damage it is opened, searched, asked for
similar products and a recommendation, audited, and kept as a snapshot. Each must do what it did
before, or say by name (CatalogError, ModelError) that something is damaged. The exit status is 1
where anything else was raised, where a damaged cache changed an answer, or damaged weights were
used. For SQLite the log ends at the first flipped bit: that changes after it are gone is counted.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.service.double import Double, engine_on
from tests.soak.pictures import good_ones
from thatlook.core.errors import CatalogError, ModelError
from thatlook.engine import Engine
from thatlook.quality.catalog_audit import AuditDepth, audit
from thatlook.store.catalog import blocks
from thatlook.store.catalog.opening import FILE_NAME
from thatlook.store.catalog.versions import snapshot
from thatlook.vision.models.registry import ModelSpec, shipped

COUNT = 80


def flipped(dice: random.Random, path: Path) -> None:
    """One bit, a few, or a stretch of zeros."""
    data = bytearray(path.read_bytes())
    if dice.random() < 0.2:
        start = dice.randrange(len(data))
        size = min(len(data) - start, dice.choice((16, 512, 4096)))
        data[start : start + size] = bytes(size)
    for _ in range(dice.choice((1, 1, 5, 50))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(data)


def steps(folder: Path) -> dict[str, Callable[[Engine], object]]:
    """What is asked of a shop; the answers can be compared."""
    photo = good_ones()[0][1]
    return {
        "search": lambda e: [m.product.id for m in e.similar(first(e), k=9)],
        "recommend": lambda e: [
            [m.product.id for m in one.matches] for one in e.recommend(photo, k=9).recommendations
        ],
        "all": lambda e: [stored.product.to_dict() for stored in e.catalog.all_stored()],
        "audit": lambda e: audit(e.catalog, AuditDepth(files=False)).severe,
        "snapshot": lambda e: snapshot(e.catalog, "kept").name,
    }


def first(engine: Engine) -> str:
    """The id that is asked about."""
    return str(engine.catalog._store.database.rows("SELECT min(id) FROM products")[0][0])


def asked(folder: Path) -> dict[str, object]:
    """What each step answered; the name of an error, with "!" before one that must not be."""
    answers: dict[str, object] = {}
    try:
        engine = engine_on(folder, Double(), 0)
    except CatalogError as error:
        return {"open": type(error).__name__}
    except Exception as error:  # noqa: BLE001 - what must not be is what is looked for
        return {"open": f"!{error!r}"}
    with engine:
        for name, step in steps(folder).items():
            try:
                answers[name] = step(engine)
            except CatalogError as error:
                answers[name] = type(error).__name__
            except Exception as error:  # noqa: BLE001 - as above
                answers[name] = f"!{error!r}"
    return answers


def attack(made: Path, kind: str, dice: random.Random) -> dict[str, object]:
    """A copy of the shop with one damage of this kind, asked everything."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(shutil.copytree(made, Path(place) / "c"))
        catalog = folder / "catalog"
        if kind == "cache":
            flipped(dice, dice.choice(sorted((catalog / "cache").glob("*.block"))))
            return asked(folder)
        shutil.rmtree(catalog / "cache")
        if kind == "log":
            log = catalog / f"{FILE_NAME}-wal"
            flipped(dice, log)
        else:
            (catalog / f"{FILE_NAME}-wal").unlink()
            shutil.copy(made / "settled", catalog / FILE_NAME)
            flipped(dice, catalog / FILE_NAME)
        return asked(folder)


def make(folder: Path) -> None:
    """A shop whose last changes are still in its log, and the same settled."""
    with engine_on(folder, Double(), COUNT) as engine:
        for step in list(steps(folder).values())[:2]:
            step(engine)
        engine.catalog.warm()
        for name in (FILE_NAME, f"{FILE_NAME}-wal"):
            shutil.copy(folder / "catalog" / name, folder / name)
    shutil.copy(folder / "catalog" / FILE_NAME, folder / "settled")
    for name in (FILE_NAME, f"{FILE_NAME}-wal"):
        (folder / name).rename(folder / "catalog" / name)


def weights_used(dice: random.Random, folder: Path) -> bool:
    """Whether weights with flipped bits are read without a word."""
    spec = shipped("person")
    entry = next(p for p in spec.path.parent.glob("*.json") if spec.id in p.read_text("utf-8"))
    shutil.copy(entry, folder / entry.name)
    shutil.copy(spec.path, folder / spec.path.name)
    flipped(dice, folder / spec.path.name)
    try:
        ModelSpec.from_file(folder / entry.name).read()
    except ModelError:
        return False
    return True


def main() -> int:
    """Prints what was told, by what was damaged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    blocks.CACHED_FROM = 1
    dice = random.Random(args.seed)
    bad = []
    with tempfile.TemporaryDirectory() as place:
        made = Path(place)
        make(made)
        before = json.dumps(asked(Path(shutil.copytree(made, made / "whole"))))
        shutil.rmtree(made / "whole")
        for kind, share in (("database", 0.6), ("log", 0.2), ("cache", 0.2)):
            counts: Counter[str] = Counter()
            for _ in range(round(args.count * share)):
                found = attack(made, kind, dice)
                wrong = {k: v for k, v in found.items() if str(v).startswith("!")}
                named = [v for v in found.values() if str(v).endswith("Error")]
                same = json.dumps(found) == before
                if wrong or (kind == "cache" and not same):
                    bad.append((kind, wrong or found))
                told = "named" if named else "the same" if same else "other, unnamed"
                if found.get("all") == []:
                    told = "changes gone"
                counts["wrong" if wrong else told] += 1
            print(f"{kind}: {dict(counts)}", flush=True)
        used = sum(weights_used(dice, made) for _ in range(max(1, args.count // 50)))
    print(f"weights: {max(1, args.count // 50)} damaged, {used} used")
    print(f"{len(bad)} bad: {bad[:5]}")
    return int(bool(bad or used))


if __name__ == "__main__":
    sys.exit(main())
