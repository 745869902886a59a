"""The pair audit: what is wrong with pairs, before a network learns them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from thatlook.core.errors import PhotoError
from thatlook.core.image import size_of
from thatlook.core.near_duplicates import Print, equal_groups, near_pairs, print_of
from thatlook.core.taxonomy import OTHER, PRODUCT_CATEGORIES
from thatlook.data.audit import THREADS, DatasetAudit
from thatlook.data.boxes import SLACK_PX, TINY_PX, inside
from thatlook.data.notes import Notes
from thatlook.data.pairs.records import Pair, PairPicture, PairSet, products_of
from thatlook.data.table import table_under


@dataclass(frozen=True, slots=True)
class Looked:
    """What the pictures of pairs are: prints of those that can be read, and why others cannot."""

    prints: Mapping[str, Print]
    sizes: Mapping[str, tuple[int, int]]
    faults: Mapping[str, str]

    def among(self, places: Sequence[str]) -> tuple[list[list[str]], list[tuple[str, str]]]:
        """Of these places, groups of equal pictures and pairs of nearly equal ones."""
        known = [place for place in dict.fromkeys(places) if place in self.prints]
        prints = [self.prints[place] for place in known]
        same = [[known[row] for row in rows] for rows in equal_groups(prints)]
        return same, [(known[i], known[j]) for i, j in near_pairs(prints)]


def look(pairs: Sequence[Pair], threads: int = THREADS) -> Looked:
    """Reads every picture of the pairs once, `threads` at a time; addresses are left out."""
    places = list(dict.fromkeys(s.place for p in pairs for s in p.shots if not s.is_address))

    def taken(place: str) -> tuple[Print, tuple[int, int]] | str:
        try:
            return print_of(Path(place)), size_of(Path(place))
        except PhotoError as error:
            return error.message

    with ThreadPoolExecutor(max(1, threads)) as pool:
        found = dict(zip(places, pool.map(taken, places), strict=True))
    good = {place: one for place, one in found.items() if not isinstance(one, str)}
    return Looked(
        {place: one for place, (one, _) in good.items()},
        {place: size for place, (_, size) in good.items()},
        {place: one for place, one in found.items() if isinstance(one, str)},
    )


def audit(found: PairSet, looked: Looked | None = None) -> DatasetAudit:
    """What is wrong with pairs. Reads every picture once, where it was not `looked` at before."""
    looked = looked or look(found.pairs)
    notes = Notes()
    if not found.pairs:
        notes.add("no_pairs", "error", "no pair can be read", str(found.root))
    _pictures(found.pairs, looked, notes)
    for pair in found.pairs:
        _boxes(pair, looked, notes)
    _repeated(found.pairs, notes)
    _leaks(found.pairs, notes)
    _products_twice(found.pairs, looked, notes)
    _scenes_twice(found.pairs, looked, notes)
    _unmatched(found.pairs, notes)
    findings = (*found.findings, *notes.findings())
    ordered = sorted(findings, key=lambda one: one.severity != "error")
    name = f"{found.root} ({found.format})"
    return DatasetAudit(name, _counts(found), _balance(found), tuple(ordered))


def table(audit: DatasetAudit) -> str:
    """The audit for people: pairs per category and split, then the findings, errors first."""
    counts = audit.counts
    head = [
        f"pair audit of {audit.name}",
        f"pairs {counts['pairs']}, of them of our categories {counts['kept']}",
        f"products {counts['products']}, scenes {counts['scenes']}",
    ]
    return table_under(head, audit, "pairs")


def _pictures(pairs: Sequence[Pair], looked: Looked, notes: Notes) -> None:
    text = "pictures are addresses; fetch them with thatlook train pairs"
    for place in PairSet(Path(), "", tuple(pairs)).addresses:
        notes.add("not_fetched", "error", text, place)
    for place, why in looked.faults.items():
        text = "pictures are missing or damaged; mend them or take their pairs out"
        notes.add("unreadable", "error", text, f"{Path(place).name}: {why}", Path(place))


def _boxes(pair: Pair, looked: Looked, notes: Notes) -> None:
    for shot, kind in zip(pair.shots, ("scene", "product"), strict=True):
        if shot.box is None or shot.place not in looked.sizes:
            continue
        code = _fault(shot, looked.sizes[shot.place])
        if code:
            shown = " ".join(f"{value:g}" for value in shot.box)
            where = f"{Path(shot.place).name}: {shown}"
            severity, text = _TOLD[code]
            notes.add(f"{code}_{kind}", severity, text.format(kind), where, Path(shot.place))


_TOLD = {
    "empty": ("error", "boxes in a {} are empty or reversed: x0 < x1 and y0 < y1 must hold"),
    "outside": ("error", f"boxes reach more than {SLACK_PX:g} px out of their {{}}"),
    "tiny": ("warning", f"boxes in a {{}} have a side under {TINY_PX:g} px"),
}


def _fault(shot: PairPicture, size: tuple[int, int]) -> str:
    """A code of _TOLD, or "" for a box that can be right."""
    box = np.array([shot.corners(size)])
    sides = box[0, 2:] - box[0, :2]
    if (sides <= 0).any():
        return "empty"
    if not inside(box, size)[0]:
        return "outside"
    return "tiny" if (sides < TINY_PX).any() else ""


def _repeated(pairs: Sequence[Pair], notes: Notes) -> None:
    seen = Counter((p.scene, p.product.place, p.product_id) for p in pairs)
    for (scene, _, key), count in seen.items():
        if count > 1:
            text = "pairs are there more than once"
            notes.add("repeated", "warning", text, f"{_short(scene.place)}: {key}")


def _leaks(pairs: Sequence[Pair], notes: Notes) -> None:
    for key, rows in products_of(pairs).items():
        sides = sorted({pairs[row].split for row in rows})
        if len(sides) > 1:
            text = "products are in two splits: what is measured was learnt"
            where = f"{_short(key)} ({', '.join(side or 'none' for side in sides)})"
            notes.add("product_across", "error", text, where)


def _products_twice(pairs: Sequence[Pair], looked: Looked, notes: Notes) -> None:
    """Pictures that stand for two products, or are in two splits under two ids."""
    sides, ids = _sides(pairs, 1), defaultdict(set)
    for pair in pairs:
        ids[pair.product.place].add(pair.product_id)
    same, near = looked.among([pair.product.place for pair in pairs])
    for places, kind in [(p, "") for p in same] + [(list(p), "near_") for p in near]:
        word = "nearly the same" if kind else "the same"
        where = " = ".join(map(_short, places))
        if len(set().union(*(sides[place] for place in places))) > 1:
            severity = "warning" if kind else "error"
            text = (
                f"groups of {word} product picture are in two splits: what is measured was learnt"
            )
            notes.add(f"{kind}duplicate_across", severity, text, where, Path(places[0]))
        elif len(set().union(*(ids[place] for place in places))) > 1:
            text = f"products have {word} picture: each is a wrong answer for the other"
            notes.add(f"{kind}duplicate", "warning", text, where, Path(places[0]))


def _scenes_twice(pairs: Sequence[Pair], looked: Looked, notes: Notes) -> None:
    """Scenes that are there twice, stand in two splits, or are the product's own picture."""
    sides = _sides(pairs, 0)
    for places in looked.among([pair.scene.place for pair in pairs])[0]:
        notes.add(
            "scene_twice",
            "warning",
            "groups of scenes are the same picture under several names",
            " = ".join(map(_short, places)),
            Path(places[0]),
        )
        joined = set().union(*(sides[place] for place in places))
        sides |= dict.fromkeys(places, joined)
    for place, found in sides.items():
        if len(found) > 1:
            text = "scenes show products of two splits: the person and the place were seen before"
            notes.add("scene_across", "warning", text, _short(place))
    for pair in pairs:
        prints = [looked.prints.get(shot.place) for shot in pair.shots]
        if prints[0] and prints[1] and prints[0].digest == prints[1].digest:
            text = "pairs have the same picture as scene and as product: nothing is learnt"
            notes.add("same_picture", "error", text, _short(pair.scene.place))


def _sides(pairs: Sequence[Pair], shot: int) -> dict[str, set[str]]:
    """The splits in which each picture stands; `shot` 0 are scenes, 1 products."""
    found: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        found[pair.shots[shot].place].add(pair.split)
    return found


def _unmatched(pairs: Sequence[Pair], notes: Notes) -> None:
    names = Counter(pair.name for pair in pairs if pair.category == OTHER)
    for name, count in names.most_common():
        text = 'categories are none of ours; their pairs are "other"'
        notes.add("unmatched_category", "warning", text, f"{name or 'none given'} ({count} pairs)")


def _counts(found: PairSet) -> dict[str, int]:
    pairs = found.pairs
    counts = {
        "pairs": len(pairs),
        "kept": sum(pair.category != OTHER for pair in pairs),
        "products": len({pair.product_id for pair in pairs}),
        "scenes": len({pair.scene.place for pair in pairs}),
    }
    for side in filter(None, found.splits):
        counts[f"pairs_{side}"] = sum(pair.split == side for pair in pairs)
    return counts


def _balance(found: PairSet) -> dict[str, dict[str, int]]:
    counted = Counter((pair.category, pair.split) for pair in found.pairs)
    splits = found.splits or ("",)
    return {name: {side: counted[name, side] for side in splits} for name in PRODUCT_CATEGORIES}


def _short(place: str) -> str:
    return Path(place).name or place
