"""The text tower: words of a shop's titles and attributes into its embedding network's space.

Every product with a vector teaches where its words belong; titles without pictures teach the parts
of the vector that speak of type, color and pattern. A text is what a shopper may write of a
product: words of its title, or its attributes, in other words or languages, with slips. Loss:
InfoNCE (van den Oord et al., 2018) over a batch, half of it of one category, where every product
that fits the text is right.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from thatlook.core.errors import DataError
from thatlook.core.files import write_whole
from thatlook.core.settings import Settings
from thatlook.data.splits import product_sides
from thatlook.search.words.tower import buckets
from thatlook.store.catalog import Catalog
from thatlook.training.texts import ASKED, TextItem, Writer, read_catalog, read_titles
from thatlook.vision.models.registry import ModelSpec, resolve
from thatlook.vision.stages.embedding import guess, vector_output

ROWS: Final = 16_384
HIDDEN: Final = 128
TEMPERATURE: Final = 0.06
TOLD: Final = ("type", "color", "pattern")
SURE: Final = 0.9
"""How probable a shop's own word is taken to be, where there is no picture."""


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """`catalogs` are addresses of indexed catalogs, `titles` feeds without pictures; the entry and
    its weights go to `out`. With `everything` the products kept apart learn too.
    """

    catalogs: Sequence[str | Path]
    out: Path
    titles: Sequence[Path] = ()
    model_id: str = "text-1"
    epochs: int = 20
    batch: int = 512
    rate: float = 3e-3
    seed: int = 0
    threads: int = 2
    everything: bool = False
    recipe: str = ""


class TextNet(nn.Module):
    """Rows of a table, their mean per word, a sum, a linear map: what `tower.Tower` computes."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(ROWS, HIDDEN, mode="sum")
        nn.init.normal_(self.table.weight, std=0.1)
        self.head = nn.Linear(HIDDEN, dim, bias=False)

    def forward(self, texts: Sequence[Sequence[str]]) -> Tensor:
        """Unit vectors (n, dim) of texts, each a list of words."""
        rows: list[int] = []
        weights: list[float] = []
        starts: list[int] = []
        for words in texts:
            starts.append(len(rows))
            for word in words:
                found = buckets(word, ROWS)
                rows += found
                weights += [1 / len(found)] * len(found)
        bags = self.table(
            torch.tensor(rows), torch.tensor(starts), per_sample_weights=torch.tensor(weights)
        )
        return functional.normalize(self.head(bags), dim=1)


@dataclass(frozen=True, eq=False)
class Shelf:
    """What is learned from: items, their vectors (n, dim) and the codes (n, ASKED + title) by
    which a text fits them. `known` are the vector's places that count.
    """

    items: Sequence[TextItem]
    vectors: Tensor
    codes: NDArray[np.int64]
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, items: Sequence[TextItem], vectors: NDArray[np.float32], known: Any) -> Shelf:
        """The shelf of these items."""
        columns = [[item.attributes.get(name, "") for item in items] for name in ASKED]
        columns.append([" ".join(item.title) for item in items])
        codes = np.stack([np.unique(column, return_inverse=True)[1] for column in columns], 1)
        return cls(items, functional.normalize(torch.from_numpy(vectors), dim=1), codes, known)

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """Rows of every item once, half of each batch of one category."""
        order = rng.permutation(len(self.items))
        half = order[: len(order) // 2]
        names = np.array([self.items[row].category for row in half])
        gathered = half[np.argsort(names, kind="stable")]
        mixed = order[len(order) // 2 :]
        count = max(1, len(order) // size)
        parts = zip(np.array_split(gathered, count), np.array_split(mixed, count), strict=True)
        drawn = [np.concatenate(part) for part in parts]
        yield from (drawn[i] for i in rng.permutation(count))


def run(options: TextOptions) -> int:
    """Train and write the entry; the exit status. Raises DataError, CatalogError, ModelError."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    spec = resolve("embedding", Settings.load().embedding_model)
    shelves = _shelves(options, spec)
    net = TextNet(spec.dim_of(vector_output(spec)))
    _fit(net, shelves, options)
    entry = export_to(options.out, net, spec, options)
    print(entry.path, entry.sha256)
    return 0


def _shelves(options: TextOptions, spec: ModelSpec) -> list[Shelf]:
    """The training products with vectors, then those of which only words are known."""
    shown: list[tuple[TextItem, NDArray[np.float32]]] = []
    for folder in options.catalogs:
        with Catalog.open(folder, create=False) as catalog:
            if catalog.model_key != spec.key:
                raise DataError(f"{folder}: made by {catalog.model_key}, not by {spec.key}")
            shown += read_catalog(catalog)
    told = [item for feed in options.titles for item in read_titles(feed)]
    titles = {item.id: item.name for item in [*told, *(item for item, _ in shown)]}
    sides = product_sides(titles, {item.id: vector for item, vector in shown})
    if not options.everything:
        shown = [one for one in shown if sides[one[0].id] == "train"]
        told = [item for item in told if sides[item.id] == "train"]
    if not shown:
        raise DataError("the catalogs hold no products with vectors to learn from")
    items = [item for item, _ in shown]
    vectors = np.stack([vector for _, vector in shown])
    print(f"products with pictures {len(items)}, titles alone {len(told)}", flush=True)
    whole = Shelf.of(items, vectors, np.ones(vectors.shape[1], bool))
    return [whole, *_told_shelf(told, vectors, spec)]


def _told_shelf(
    items: Sequence[TextItem], vectors: NDArray[np.float32], spec: ModelSpec
) -> list[Shelf]:
    """A shelf whose vectors are what words alone tell; none where the entry has no parts."""
    output = vector_output(spec)
    parts, weights = spec.parts_of(output), spec.weights_of(output, "logit_weights")
    heads = [name for name in TOLD if name in parts and name in weights]
    if not heads:
        return []
    labels = {name: spec.names(name) for name in heads}
    known = np.zeros(vectors.shape[1], bool)
    made = np.zeros((len(items), vectors.shape[1]), np.float32)
    kept = np.ones(len(items), bool)
    for name in heads:
        length = float(np.linalg.norm(vectors[:, parts[name]], axis=1).mean())
        known[parts[name]] = True
        for row, item in enumerate(items):
            made[row, parts[name]] = length * _guessed(item, name, labels[name], weights[name])
            kept[row] &= name == "pattern" or item.attributes.get(name, "") in labels[name]
    rows = np.flatnonzero(kept)
    return [Shelf.of([items[int(row)] for row in rows], made[rows], known)] if len(rows) else []


def _guessed(
    item: TextItem, name: str, labels: Sequence[str], weight: float
) -> NDArray[np.float32]:
    """The part of a vector for an item's own word; evenly unsure where the head has it not."""
    word = item.attributes.get(name, "")
    known = np.full(len(labels), 1 / len(labels))
    if word in labels:
        known *= 1 - SURE
        known[labels.index(word)] += SURE
    return guess(np.log(known), weight) if word in labels else np.zeros(len(labels), np.float32)


def _fit(net: TextNet, shelves: Sequence[Shelf], options: TextOptions) -> None:
    rng = np.random.default_rng(options.seed)
    writer = Writer(rng)
    adam = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=1e-4)
    steps = options.epochs * sum(max(1, len(s.items) // options.batch) for s in shelves)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, options.rate, total_steps=steps)
    for epoch in range(options.epochs):
        losses = []
        work = [(shelf, rows) for shelf in shelves for rows in shelf.batches(options.batch, rng)]
        for place in rng.permutation(len(work)):
            shelf, rows = work[int(place)]
            loss = _loss(net, shelf, rows, writer)
            adam.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            cycle.step()
            losses.append(loss.item())
        print(f"epoch {epoch} loss {np.mean(losses):.4f}", flush=True)


def _loss(net: TextNet, shelf: Shelf, rows: NDArray[np.int64], writer: Writer) -> Tensor:
    written = [writer.write(shelf.items[row]) for row in rows]
    texts = net([words for words, _ in written])[:, torch.from_numpy(shelf.known)]
    asked = np.stack([columns for _, columns in written])
    if not shelf.known.all():  # without a picture only what the parts speak of can be told apart
        asked = np.tile(np.array([name in TOLD for name in (*ASKED, "title")]), (len(rows), 1))
    codes = shelf.codes[rows]
    same = (codes[:, None] == codes[None]) | ~asked[:, None]
    right = torch.from_numpy(same.all(axis=2))
    shown = shelf.vectors[rows][:, torch.from_numpy(shelf.known)]
    similarity = functional.normalize(texts, dim=1) @ functional.normalize(shown, dim=1).T
    logits = similarity / TEMPERATURE
    of_right = torch.logsumexp(logits.masked_fill(~right, -1e9), dim=1)
    return (torch.logsumexp(logits, dim=1) - of_right).mean()


LIMITS: Final = (
    "Trained on one shop's English titles; German and French words are those of the tables.",
    "Words that no title has are guessed by their parts.",
)


def export_to(out: Path, net: TextNet, space: ModelSpec, options: TextOptions) -> ModelSpec:
    """Write the table as int8 with a scale per column, the map, and the entry; its spec."""
    table = net.table.weight.detach().numpy()
    scale = np.maximum(np.abs(table).max(axis=0) / 127, 1e-12).astype(np.float32)
    file = io.BytesIO()
    np.savez(
        file,
        table=np.round(table / scale).astype(np.int8),
        scale=scale,
        head=net.head.weight.detach().numpy().T.astype(np.float32),
    )
    data = file.getvalue()
    entry = {
        "id": options.model_id,
        "task": "text",
        "file": "text.npz",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "license": "Apache-2.0",
        "input": {},
        "outputs": {"text": {"dim": space.dim_of(vector_output(space))}},
        "space": space.key,
        "recipe": options.recipe,
        "seed": options.seed,
        "data": [str(path) for path in (*options.catalogs, *options.titles)],
        "metrics_command": "",
        "limits": LIMITS,
    }
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "text.npz", data)
    write_whole(out / "text.json", (json.dumps(entry, indent=1) + "\n").encode())
    return ModelSpec.from_file(out / "text.json")
