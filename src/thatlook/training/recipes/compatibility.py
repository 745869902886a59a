"""The compatibility network: which articles are worn with which, from outfits.

Each piece of an outfit is asked for, given some of the others: the network has to tell it from
pieces of its category and gender that were worn elsewhere (InfoNCE, van den Oord et al., 2018), so
that what is merely frequent counts nothing. What the network is: `vision.stages.compatibility`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import CATEGORIES
from thatlook.data.outfits import Outfit
from thatlook.evaluate.compatibility.gathering import OutfitOptions, gathered
from thatlook.evaluate.compatibility.questions import Question, blanks, right
from thatlook.evaluate.compatibility.wardrobe import Floats, Wardrobe
from thatlook.evaluate.retrieval.metrics import Bootstrap
from thatlook.training.export import RegistryEntry, publish
from thatlook.vision.models.registry import ModelSpec, resolve
from thatlook.vision.stages.compatibility import PARTS, Layout

SHARED_DECAY: Final = 1e-4
OWN_DECAY: Final = 1e-3
"""Of the squared weights, per part: what all categories share is better known than what is a
category's own."""
KEEP: Final = 0.8
"""The share of the given pieces that a step sees: outfits of users are partial."""
MIN_TOGETHER: Final = 3
"""Pairs of words worn together in fewer looks are not told."""
MIN_OUTFITS: Final = 20
BOOTSTRAP: Final = 1000


@dataclass(frozen=True, kw_only=True)
class CompatibilityOptions(OutfitOptions):
    """`out` is the folder of the written network; `share` of the outfits are learned from, for a
    learning curve; `wrong` so many pieces are told apart from the right one.
    """

    out: Path
    model_id: str = "compatibility-2"
    share: float = 1.0
    steps: int = 250
    batch: int = 512
    wrong: int = 24
    rate: float = 0.03
    seed: int = 0
    recipe: str = ""


class Table(nn.Module):
    """The bilinear form: what is worn, (n, width), to what is wanted, (n, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.form = nn.Linear(width, width, bias=False)
        nn.init.zeros_(self.form.weight)

    def forward(self, context: Tensor) -> Tensor:
        """See the class."""
        found: Tensor = self.form(context)
        return found


def run(options: CompatibilityOptions) -> int:
    """Train, write the network, say how it does on the val side; exit status 0.

    Raises DataError, CatalogError, SettingsError.
    """
    torch.manual_seed(options.seed)
    torch.set_num_threads(max(1, options.threads))
    embedding = resolve("embedding", options.embedding)
    layout = Layout.of(embedding)
    found = gathered(options, embedding)
    kept = [i for i in _sides(found, "train") if _drawn(found.outfits[i], options.share)]
    if len(kept) < MIN_OUTFITS:
        raise DataError(f"expected {MIN_OUTFITS} outfits or more to learn from, not {len(kept)}")
    table = fitted(found, kept, layout, options)
    curve = calibrated(found, kept, layout, options)
    spec = written(table, layout, embedding, options, _told(found, kept, curve))
    for same_type in (False, True):
        asked = blanks(found, "val", same_type=same_type, rounds=4)
        name = "same type" if same_type else "same category"
        if asked:
            print(f"{len(kept)} outfits, {name}: {_accuracy(table, layout, found, asked)}")
    print(spec.path, spec.sha256)
    return 0


def _sides(found: Wardrobe, side: str) -> list[int]:
    return [index for index, outfit in enumerate(found.outfits) if outfit.split == side]


def _drawn(outfit: Outfit, share: float) -> bool:
    """Whether an outfit is among the share, by the digest of its name."""
    digest = hashlib.sha256(outfit.id.encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


def fitted(
    found: Wardrobe, kept: Sequence[int], layout: Layout, options: CompatibilityOptions
) -> Table:
    """The table learned from the outfits `kept`."""
    rng = np.random.default_rng(options.seed)
    table = Table(layout.width)
    adam = torch.optim.Adam(table.parameters(), options.rate)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(adam, options.steps)
    views = _Views(found, kept, layout, rng)
    weight = _decay(layout)
    for _ in range(options.steps):
        context, index, choices = views.drawn(options.batch, options.wrong)
        wanted = _folded(table(context), index, layout)
        logits = (choices * wanted[:, None]).sum(-1)
        loss = functional.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))
        loss = loss + (table.form.weight**2 * weight).sum()
        adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        cosine.step()
    return table.eval()


def _decay(layout: Layout) -> Tensor:
    own = torch.full((layout.width,), OWN_DECAY**0.5)
    own[: layout.length] = SHARED_DECAY**0.5
    decay: Tensor = own[:, None] * own[None] * (OWN_DECAY / SHARED_DECAY) ** 0.5
    return decay


def _folded(answers: Tensor, indices: Tensor, layout: Layout) -> Tensor:
    """As Layout.folded, for a category (its index in CATEGORIES) per row."""
    start = layout.length - layout.typeless
    shared = answers[:, : layout.length]
    own = answers[:, layout.length :].view(len(answers), len(CATEGORIES), layout.typeless)
    own = own[torch.arange(len(answers)), indices]
    return torch.cat([shared[:, :start], shared[:, start:] + own], dim=1)


class _Views:
    """Pieces of outfits to be told from others, given some of the pieces worn with them."""

    def __init__(
        self, found: Wardrobe, kept: Sequence[int], layout: Layout, rng: np.random.Generator
    ) -> None:
        self._found, self._layout, self._rng = found, layout, rng
        self._rows = np.concatenate([found.members[index] for index in kept])
        kinds = [f"{found.categories[row]} {found.genders[row]}" for row in self._rows]
        self._kinds = np.array(kinds)
        self._like = {kind: self._rows[self._kinds == kind] for kind in set(kinds)}

    def drawn(self, count: int, wrong: int) -> tuple[Tensor, Tensor, Tensor]:
        """What is given (count, width), the categories' indices (count,), and the rows of the
        choices (count, 1 + wrong, length), the right one first.
        """
        found = self._found
        picked = self._rng.integers(len(self._rows), size=count)
        rows, kinds = self._rows[picked], self._kinds[picked]
        context = np.stack([self._given(int(row)) for row in rows])
        others = np.stack([self._rng.choice(self._like[kind], wrong) for kind in kinds])
        choices = found.rows[np.concatenate([rows[:, None], others], axis=1)]
        indices = [CATEGORIES.index(found.categories[int(row)]) for row in rows]
        return torch.from_numpy(context), torch.tensor(indices), torch.from_numpy(choices)

    def _given(self, row: int) -> Floats:
        """Some of the pieces worn with a row, one at least."""
        mates = self._found.members[int(self._found.outfit[row])]
        mates = mates[mates != row]
        seen = mates[self._rng.random(len(mates)) < KEEP]
        seen = seen if len(seen) else self._rng.choice(mates, 1)
        names = [self._found.categories[mate] for mate in seen]
        return self._layout.context(self._found.rows[seen], names)


def _values(
    table: Table, layout: Layout, found: Wardrobe, asked: Sequence[Question]
) -> list[Floats]:
    """How well each choice of each question goes with what is given."""
    context = np.stack(
        [layout.context(found.rows[q.given], [found.categories[r] for r in q.given]) for q in asked]
    )
    with torch.no_grad():
        answers = table(torch.from_numpy(context)).numpy()
    return [
        found.rows[q.choices] @ layout.folded(row[None], found.categories[int(q.choices[0])])[0]
        for q, row in zip(asked, answers, strict=True)
    ]


def _accuracy(table: Table, layout: Layout, found: Wardrobe, asked: Sequence[Question]) -> str:
    """How often the right one is rated best, with the interval over outfits."""
    column = np.array([right(values) for values in _values(table, layout, found, asked)])
    owners = [found.outfits[question.outfit].id for question in asked]
    low, high = Bootstrap(len(column), BOOTSTRAP, clusters=owners).interval(column)
    return f"{column.mean():.3f} ({low:.3f} to {high:.3f})"


def calibrated(
    found: Wardrobe, kept: Sequence[int], layout: Layout, options: CompatibilityOptions
) -> dict[str, float]:
    """Slope and middle of the scores' curve, from halves of the train side that judge each other:
    on what it learned from the table is too sure.
    """
    from sklearn.linear_model import LogisticRegression

    halves = [kept[::2], kept[1::2]]
    values: list[float] = []
    for learned, judged in (halves, halves[::-1]):
        table = fitted(found, learned, layout, options)
        values += _judged(table, layout, found, judged)
    worn = np.tile([True, False], len(values) // 2)
    model = LogisticRegression(C=1e4).fit(np.array(values)[:, None], worn)
    slope = float(model.coef_[0, 0])
    if slope <= 0:
        raise DataError("what was worn together scored no higher than what was not: too few looks")
    return {"slope": round(slope, 3), "middle": round(-float(model.intercept_[0]) / slope, 4)}


def _judged(table: Table, layout: Layout, found: Wardrobe, judged: Sequence[int]) -> list[float]:
    """The values of each piece and of another one in its place, in turn."""
    chosen = set(judged)
    outfits = [
        replace(outfit, split="judged" if index in chosen else outfit.split)
        for index, outfit in enumerate(found.outfits)
    ]
    asked = blanks(replace(found, outfits=tuple(outfits)), "judged")
    return [float(v) for values in _values(table, layout, found, asked) for v in values[:2]]


def _told(found: Wardrobe, kept: Sequence[int], curve: Mapping[str, float]) -> dict[str, Any]:
    """What else the entry holds: the curve, and how often words were worn together."""
    return {"calibration": dict(curve), "together": together([found.outfits[i] for i in kept])}


def together(outfits: Sequence[Outfit]) -> dict[str, Any]:
    """In how many looks two types, and two colors, were worn together: "jeans|shirts" to 31; and
    in how many each type was (`worn`).

    The two words are in the order of the alphabet.
    """
    worn = Counter(kind for o in outfits for kind in {piece.words[0] for piece in o.pieces} - {""})
    counts: dict[str, Counter[str]] = {"type": Counter(), "color": Counter()}
    for outfit in outfits:
        for index, counter in enumerate(counts.values()):
            pairs = combinations([piece.words[index] for piece in outfit.pieces], 2)
            counter.update({"|".join(sorted(pair)) for pair in pairs if all(pair)})
    frequent = {
        name: {pair: n for pair, n in sorted(found.items()) if n >= MIN_TOGETHER}
        for name, found in counts.items()
    }
    return {"looks": len(outfits), "worn": dict(sorted(worn.items())), **frequent}


def written(
    table: Table,
    layout: Layout,
    embedding: ModelSpec,
    options: CompatibilityOptions,
    more: Mapping[str, Any],
) -> ModelSpec:
    """The network's files in the options' folder. Raises ModelError."""
    examples = [torch.randn(rows, layout.width) for rows in (3, 1)]
    axes = {"context": {0: "n"}, "wanted": {0: "n"}}
    entry = RegistryEntry(
        options.model_id,
        "compatibility",
        {"name": "context", "width": layout.width},
        {"wanted": {"dim": layout.width}},
        options.recipe,
        options.seed,
        "thatlook evaluate compatibility --data DATA --eye-labels labels",
        labels={head: embedding.names(head) for head in PARTS},
        limits=LIMITS,
        data=({"name": "Clothing Co-Parsing (street)", "license": "Apache-2.0"},),
        more={"embedding": embedding.key, **more},
    )
    return publish(table, (examples, ["wanted"], axes), entry, options.out)


LIMITS: Final = (
    "Learned from some 1,500 street photos of mostly women in Western dress of about 2013.",
    "It knows type, main color and pattern; nothing of cut, fabric or brand.",
    "What is worn together is not what a stylist would choose.",
)
