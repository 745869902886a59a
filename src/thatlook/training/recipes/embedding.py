"""The recipe of the embedding network: crops of articles to unit vectors with attributes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from pytorch_metric_learning.losses import (
    CircleLoss,
    CrossBatchMemory,
    MultiSimilarityLoss,
    NTXentLoss,
    SupConLoss,
    TripletMarginLoss,
)
from pytorch_metric_learning.miners import MultiSimilarityMiner, TripletMarginMiner
from sklearn.decomposition import PCA
from torch import Tensor, nn
from torch.nn import functional

from thatlook.core.errors import DataError, ModelError
from thatlook.core.progress import Progress
from thatlook.core.records import Box
from thatlook.data.eye_labels import FILE
from thatlook.data.items import (
    EXPAND,
    HEADS,
    SIDE,
    Item,
    catalog_items,
    flatlay_items,
    frequent_words,
    pair_items,
    street_items,
    title_words,
    vocabulary,
    worn_items,
)
from thatlook.data.judged_pairs import KIND, JudgedPair
from thatlook.data.judged_pairs import read as read_judged
from thatlook.data.pair_items import paired_items
from thatlook.data.pairs.audited import PairOptions, audited
from thatlook.data.scenes import Floats, photo, street_scenes
from thatlook.data.splits import split_of
from thatlook.data.worn import read_worn
from thatlook.evaluate.retrieval import neighbours, precision
from thatlook.training import export, loop
from thatlook.training.backbones import BACKBONES, backbone, empty, trunk_of
from thatlook.training.judged import Judgements, split_items
from thatlook.training.looked_at import STREET
from thatlook.training.nets import TOP, EmbeddingNet, imagenet_top
from thatlook.training.options import EmbeddingOptions
from thatlook.training.products import PHONE, SHOP, ItemViews, collate, plain_crop
from thatlook.training.restore import measure_norms, restored_embedding
from thatlook.training.scenes import tensor
from thatlook.vision.models.registry import ModelSpec, resolve
from thatlook.vision.models.session import Session
from thatlook.vision.stages.embedding import EmbeddingStage

PARTS: Final = 4
"""Categories and genders in a batch: negatives are near ones, and yet batches alike enough."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How the fused vector is made of what the network says of a crop.

    Its parts are the look and the guesses of type, color and pattern, weighted by `shares`;
    `logit_weights` say how much of each guess lies in its logits' direction (`guess`). The look is
    `axes` main axes of the learned vector and of the pooled features, which know the very thing
    best and weigh `general` where the learned vector has 1.
    """

    shares: tuple[float, float, float, float]
    logit_weights: tuple[float, float, float]
    general: float
    axes: int


MIX: Final = Mix((1.8, 1.89, 2.09, 0.32), (1.07, 0.72, 1.18), 0.5, 66)
"""What is exported, found by `benchmarks/bench_mix.py`; with 94 classes 160 numbers."""

WORN_LOOK: Final = 0.4
"""How much of its look a worn article is searched by: on paper the same thing looks otherwise."""

_HEAD_WEIGHTS: Final = (1.0, 1.0, 0.5, 0.3, 0.3, 0.2)


JUDGED: Final = 16
"""Of so many views of a batch one more pair that shoppers judged comes on top."""

LOSSES: Final = ("supcon", "triplet", "multisimilarity", "circle")
"""What `--loss` may name, best first; `docs/training-log.md` compares them."""


def metric_loss(name: str, dim: int, memory: int) -> nn.Module:
    """The loss of that name over vectors (n, dim) and group numbers (n,), with its miner.

    Earlier batches' vectors, `memory` of them, give more negatives. Triplets are those that
    violate the margin, semi-hard and hard, as in "Buy Me That Look" (Myntra, MIPR 2021).
    """
    losses = {
        "multisimilarity": (MultiSimilarityLoss(), MultiSimilarityMiner()),
        "triplet": (TripletMarginLoss(margin=0.2), TripletMarginMiner(margin=0.2)),
        "supcon": (SupConLoss(temperature=0.1), None),
        "circle": (CircleLoss(m=0.25, gamma=64), MultiSimilarityMiner()),
    }
    loss, miner = losses[name]
    found: nn.Module = CrossBatchMemory(loss, dim, memory_size=memory, miner=miner)
    return found


class EmbeddingTask:
    """Items, batches, losses and measurement for `loop.fit`."""

    metric = "p10_both"
    judged: Judgements | None = None
    judged_apart: Judgements | None = None
    """What shoppers judged, of the training products and of `judged_val`."""
    judged_val: Sequence[Item] = ()

    def __init__(
        self,
        items: list[Item],
        words: dict[str, tuple[str, ...]],
        options: EmbeddingOptions,
        judged: Sequence[JudgedPair] = (),
    ):
        self.options = options
        self.words = words
        self.train = [i for i in items if i.split == "train"]
        self.val = [i for i in items if i.split == "val" and i.kind == "product"]
        street = [i.crops[0][0] for i in items if i.kind == "street" and i.split == "train"]
        self.views = ItemViews(self.train, words, sorted(set(street)))
        sizes = tuple(len(words[head]) for head in HEADS)
        name, weights = options.backbone, options.backbone_weights
        trunk = backbone(name, weights, steady=True)
        top = imagenet_top() if name == BACKBONES[0] and weights is None else None
        vocabulary = frequent_words(self.train) if options.names else ()
        self.model: nn.Module = (
            self._shipped()
            if options.shipped
            else EmbeddingNet(sizes, options.dim, trunk, top, len(vocabulary))
        )
        self.named = title_word_targets(self.train, vocabulary)
        self.groups = _groups(self.train)
        self.metric_loss = metric_loss(options.loss, options.dim, options.memory)
        self.instance_loss = CrossBatchMemory(
            NTXentLoss(temperature=0.1), options.dim, memory_size=options.memory
        )
        if judged:
            self.judged = Judgements(judged, self.train)
            self.judged_val = [i for i in items if i.split == "val" and i.kind == KIND]
            self.judged_apart = Judgements(judged, self.judged_val)

    def _shipped(self) -> EmbeddingNet:
        """The shipped network, which must have these classes. Raises ModelError."""
        spec = resolve("embedding")
        checked_words(spec, self.words)
        model = restored_embedding(spec)
        rng = np.random.default_rng(self.options.seed)
        rows = rng.choice(len(self.train), min(160, len(self.train)), replace=False)
        images = [tensor([self.views[int(row), self.options.seed].image]) for row in rows]
        measure_norms(model, images)
        return model

    def collate(self, views: Any) -> Any:
        """Images, rows and classes."""
        return collate(views)

    def plan(self, epoch: int) -> list[list[Any]]:
        """Batches of PARTS parts (category and gender): groups of alike items, two views each.

        The first is every second time as the catalog shows it, the other as a phone takes it: what
        must agree are a shop's picture and a shopper's.

        Parts come in the 0.7th power of their size, so that the shop's many shirts do not
        crowd out its few hats. Pairs that shoppers judged come on top.
        """
        rng = np.random.default_rng((self.options.seed, epoch))
        judged, size = self.judged, self.options.batch
        ordinary = self.train if judged is None else self.train[: judged.first]
        batches = batches_of(ordinary, self.groups, rng, self.options.steps, size)
        if judged:
            batches = [rows + judged.drawn(rng, max(1, size // JUDGED)) for rows in batches]
        return [
            [
                (row, int(rng.integers(2**31)), how)
                for row in rows
                for how in (SHOP if rng.random() < 0.5 else "", PHONE)
            ]
            for rows in batches
        ]

    def loss(self, model: nn.Module, batch: Any) -> tuple[Tensor, dict[str, float]]:
        """The metric loss by type, color and pattern; the instance loss of one item's views; the
        loss of the heads, and of their consistency between two views; what shoppers judged.
        """
        images, rows, classes = batch
        self.groups = self.groups.to(rows.device)
        vectors, *logits = model(images)
        known = rows < (len(self.groups) if self.judged is None else self.judged.first)
        alike = self.metric_loss(vectors[known], self.groups[rows][known])
        same = self.instance_loss(vectors, rows)
        parts = {"alike": alike.item(), "same": same.item()}
        total = self.options.metric_loss_weight * alike + self.options.instance_loss_weight * same
        for k, (head, weight) in enumerate(zip(HEADS, _HEAD_WEIGHTS, strict=True)):
            if bool((classes[:, k] >= 0).any()):
                wrong = functional.cross_entropy(
                    logits[k], classes[:, k], ignore_index=-1, label_smoothing=0.05
                )
                parts[head] = wrong.item()
                total = total + weight * wrong
        if len(logits) > len(HEADS):
            self.named = self.named.to(rows.device)
            wrong = name_loss(logits[-1], self.named[rows])
            parts["name"] = wrong.item()
            total = total + self.options.names * wrong
        apart = sum(
            (_HEAD_WEIGHTS[k] * consistency_loss(logits[k], classes[:, k] >= 0) for k in range(3)),
            torch.zeros(()),
        )
        parts["apart"] = apart.item()
        total = total + self.options.consistency_weight * apart
        if self.judged:
            wrong = self.judged.loss(vectors, rows)
            parts["judged"] = wrong.item()
            total = total + self.options.feedback_weight * wrong
        named = ("alike", "same", "apart", "name", *HEADS, *(["judged"] if self.judged else []))
        return total, {k: parts.get(k, 0.0) for k in named}

    def measure(self, model: nn.Module) -> dict[str, float]:
        """Precision at 10 within category and gender on products kept apart, of the fused vector
        and of the learned one alone; the shares of right types and colors; of what shoppers judged,
        how often what is alike is nearer (`judged_auc`).
        """
        vectors, logits = infer(model, self.val)
        guesses = [torch.from_numpy(x) for x in logits]
        out = figures(fuse_embedding(torch.from_numpy(vectors), guesses).numpy(), self.val)
        out |= {f"learned_{name}": value for name, value in figures(vectors, self.val).items()}
        for index, head in enumerate(HEADS[:2]):
            words = np.asarray(self.words[head])
            right = words[logits[index].argmax(1)] == [i.labels[index] for i in self.val]
            out[f"right_{head}"] = float(right.mean())
        if self.judged_apart:
            out["judged_auc"] = self.judged_apart.auc(infer(model, self.judged_val)[0])
        return out


def checked_words(spec: ModelSpec, words: Mapping[str, Sequence[str]]) -> None:
    """Raises ModelError where a network that goes on learned other labels than the data has."""
    if any(list(spec.names(head)) != list(words[head]) for head in HEADS):
        raise ModelError(
            f"{spec.id}: learned other labels than this data has; a new network learns them: "
            "`thatlook train embedding` without --shipped"
        )


def batches_of(
    items: Sequence[Item], groups: Tensor, rng: np.random.Generator, steps: int, size: int
) -> list[list[int]]:
    """Rows of `steps` batches for two views each: `size` / 2 rows, of PARTS parts each.

    Of each part up to four items of one group after another.
    """
    parts: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, item in enumerate(items):
        parts[item.part][int(groups[row])].append(row)
    names = sorted(parts)
    sizes = np.array([sum(map(len, parts[name].values())) for name in names], float)
    share = sizes**0.7 / (sizes**0.7).sum()
    few = min(PARTS, len(names))
    chosen = [rng.choice(len(names), few, replace=False, p=share) for _ in range(steps)]
    return [
        [row for k in batch for row in _rows(parts[names[k]], size // few // 2, rng)]
        for batch in chosen
    ]


def _rows(groups: dict[int, list[int]], count: int, rng: np.random.Generator) -> list[int]:
    """`count` rows of one part: up to four items of each of several groups."""
    rows: list[int] = []
    order = rng.permutation(sorted(groups))
    while len(rows) < count:
        for group in order:
            found = groups[int(group)]
            rows += rng.choice(found, min(4, len(found)), replace=False).tolist()
            if len(rows) >= count:
                break
    return rows[:count]


def title_word_targets(items: Sequence[Item], vocabulary: Sequence[str]) -> Tensor:
    """Per item, which words of the vocabulary its name has: (n, words), each row's sum 1 or 0."""
    known = {word: k for k, word in enumerate(vocabulary)}
    found = torch.zeros(len(items), len(vocabulary))
    for row, item in enumerate(items):
        found[row, [known[word] for word in title_words(item) if word in known]] = 1
    return found / found.sum(1, keepdim=True).clamp(min=1)


def name_loss(logits: Tensor, told: Tensor) -> Tensor:
    """The mean cross-entropy of the words' logits (n, words) to the shares `told` (n, words) of
    the items that have words: as in Mahajan et al., "Exploring the Limits of Weakly Supervised
    Pretraining", ECCV 2018, with a product's name in place of hashtags.
    """
    wrong = -(told * logits.log_softmax(-1)).sum(-1)
    return wrong.sum() / (told.sum(-1) > 0).sum().clamp(min=1)


def consistency_loss(logits: Tensor, known: Tensor) -> Tensor:
    """The mean symmetric Kullback-Leibler divergence of the guesses of rows 0 and 1, 2 and 3, ...

    These are two views of one item (`EmbeddingTask.plan`). Guesses that other light changes cost
    more of finding the very thing than all else: docs/training-log.md. As a regularizer this is
    R-Drop (Liang et al., NeurIPS 2021), with views in place of dropouts. Only rows whose class is
    `known` (n,) count: without a label the way to agree is to say one thing of everything, and
    every worn article became black.
    """
    guesses = logits.log_softmax(-1)
    one, other = guesses[0::2], guesses[1::2]
    apart = ((one.exp() - other.exp()) * (one - other)).sum(-1) / 2
    return (apart * known[0::2]).sum() / known[0::2].sum().clamp(min=1)


def _groups(items: Sequence[Item]) -> Tensor:
    """A number per item: equal where type, color and pattern are known and equal."""
    found: dict[Any, int] = {}
    keys = [
        (i.labels[0], i.labels[1], i.labels[2]) if i.labels[0] and i.labels[1] else (i.kind, i.id)
        for i in items
    ]
    return torch.tensor([found.setdefault(key, len(found)) for key in keys])


def infer(model: nn.Module, items: Sequence[Item]) -> tuple[Floats, list[Floats]]:
    """Vectors (n, dim) and each head's logits for the items' first crops."""
    vectors, *logits = _each(model.eval(), items)
    return vectors, logits[: len(HEADS)]


def figures(vectors: Floats, items: Sequence[Item]) -> dict[str, float]:
    """Precision at 10 within category and gender: type, color, both."""
    found = neighbours(vectors, [i.part for i in items], 10)
    kinds = [i.labels[0] for i in items]
    colors = [i.labels[1] for i in items]
    both = [f"{a}/{b}" for a, b in zip(kinds, colors, strict=True)]
    return {
        "p10_type": precision(found, kinds),
        "p10_color": precision(found, colors),
        "p10_both": precision(found, both),
    }


def with_teacher_labels(
    items: Sequence[Item], teacher: ModelSpec, min_probability: float = 0.5
) -> list[Item]:
    """The items, what is not known of the type, color and pattern of worn articles and of flat-lay
    photos as `teacher` is surer than `min_probability` to see it.

    Without such labels a network learns colors before white paper alone.
    """
    stage = EmbeddingStage(Session(teacher, 0))
    found = []
    for item in Progress(items, desc="taught"):
        if item.kind not in {"street", "flatlay"}:
            found.append(item)
            continue
        path, box = item.crops[0]
        (seen,) = stage.run(photo(path), [Box(*box)])
        words = list(item.labels)
        for index, head in enumerate(HEADS[:3]):
            word, probability = max(seen.probabilities[head].items(), key=lambda one: one[1])
            words[index] = words[index] or (word if probability > min_probability else "")
        found.append(replace(item, labels=tuple(words)))
    return found


def items_of(
    data: Path,
    boxes: Path | None,
    sample: Path | None = None,
    pairs: PairOptions | None = None,
    eye_labels: Path | None = None,
) -> list[Item]:
    """All items that the recipe can read from the folder `data`, the pairs among them audited.

    `boxes` is JSON of the products' own articles by id; `eye_labels` as in EmbeddingOptions.
    Raises DataError where pairs hold errors, unless they are to be ignored.
    """
    known = json.loads(boxes.read_text(encoding="utf-8")) if boxes else {}
    items = catalog_items(data / "catalog", known)
    if eye_labels:
        for path in (data / "street" / FILE, *(eye_labels / name for name in STREET)):
            items += worn_items(read_worn(path), data / "street" / "images")
    else:
        types = {item.labels[HEADS.index("type")] for item in items}
        items += street_items(street_scenes(data / "street"), types)
    if (data / "flatlay").is_dir():
        items += flatlay_items(data / "flatlay")
    if sample:
        items += pair_items(sample / "pairs")
    if pairs and pairs.pairs:
        items += paired_items(audited(pairs, split_of))
    return items


def run(options: EmbeddingOptions) -> int:
    """Train and write checkpoints; the exit status."""

    def make() -> EmbeddingTask:
        items = items_of(options.data, options.boxes, options.sample, options, options.eye_labels)
        check_enough(items)
        if options.teacher:
            items = with_teacher_labels(items, ModelSpec.from_file(options.teacher))
        judged = read_judged(options.feedback) if options.feedback else []
        return EmbeddingTask([*items, *split_items(judged)], vocabulary(items), options, judged)

    return loop.train(make, options, whole=False)


def fuse_embedding(look: Tensor, logits: Sequence[Tensor], mix: Mix = MIX) -> Tensor:
    """Unit vectors (n, dim) of what the network says of a crop: the parts of `mix`, of which `look`
    are unit vectors and the rest the guesses of type, color and pattern.
    """
    guesses = [guess(x, weight) for x, weight in zip(logits[:3], mix.logit_weights, strict=True)]
    parts = [w * x for w, x in zip(mix.shares, [look, *guesses], strict=True)]
    return functional.normalize(torch.cat(parts, 1), dim=1)


def guess(logits: Tensor, logit_weight: float) -> Tensor:
    """Unit vectors (n, classes) whose products say how alike two guesses are.

    The roots of the probabilities, whose products are Bhattacharyya coefficients, tell what is
    seen as one class from what is seen as another. Where the light tips a guess from black to navy
    they find little left; the logits' direction, `logit_weight` times of it, finds nearly the same.
    """
    roots = logits.softmax(-1).clamp(min=1e-8).sqrt()
    centered = functional.normalize(logits - logits.mean(-1, keepdim=True), dim=-1)
    return functional.normalize(roots + logit_weight * centered, dim=-1)


class EmbeddingGraph(nn.Module):
    """The network as exported: the fused vector and the probabilities of each head with classes.

    `axes` (dim + TOP, k) and `offset` (k,) turn the learned vector and the features to their main
    axes, as `fit_pca` finds them.
    """

    model: EmbeddingNet
    axes: Tensor
    offset: Tensor

    def __init__(self, model: EmbeddingNet, axes: Tensor, offset: Tensor, mix: Mix = MIX):
        super().__init__()
        self.model = cast("EmbeddingNet", export.fold_batch_norms(model))
        self.mix = mix
        self.register_buffer("axes", axes)
        self.register_buffer("offset", offset)

    def forward(self, crop: Tensor) -> tuple[Tensor, ...]:
        """The vector of unit length, then probabilities (n, classes) per head."""
        features = self.model.features(crop)
        learned, *logits = self.model.read(features)
        seen = functional.normalize(features[:, :TOP], dim=1)
        vector = fuse_embedding(
            project_look(learned, seen, (self.axes, self.offset)), logits, self.mix
        )
        return (vector, *(x.softmax(-1) for x in logits if x.shape[-1]))


def axes_items(items: Sequence[Item], axes: int = MIX.axes) -> list[Item]:
    """The training products that the look's main axes are fitted to: every fourth, or all where
    these are few.

    Raises DataError where there are fewer than axes.
    """
    train = [i for i in items if i.split == "train" and i.kind == "product"]
    if len(train) < axes:
        raise DataError(f"{len(train)} training products; the vector's {axes} axes need as many")
    return train[::4] if len(train) >= 40 * axes else train


def check_enough(items: Sequence[Item]) -> None:
    """Raises DataError, before hours are spent, where products are too few to export, teach no type
    or no color, or none is kept apart to measure.
    """
    axes_items(items)
    words = vocabulary(items)
    untold = [head for head in HEADS[:2] if not words[head]]
    if untold:
        raise DataError(f"no {untold[0]} is on enough training products to be learned")
    if not any(i.split == "val" and i.kind == "product" for i in items):
        raise DataError("no product is kept apart to measure: 15 % are, by their names; add some")


def project_look(learned: Tensor, features: Tensor, axes: tuple[Tensor, Tensor]) -> Tensor:
    """The look (n, k), unit vectors: unit learned vectors (n, dim) and unit features (n, d) turned
    as `fit_pca` says.
    """
    return functional.normalize(torch.cat([learned, features], 1) @ axes[0] - axes[1], dim=1)


def fit_pca(learned: Floats, features: Floats, mix: Mix = MIX) -> tuple[Tensor, Tensor]:
    """What turns unit learned vectors (n, dim) beside unit features (n, d) to the `mix.axes` axes
    along which both, weighted, differ most: (dim + d, axes) and the offset (axes,).

    Unit features differ little; they are scaled until they are as far from their mean as the
    learned vectors are long.
    """
    spread = float(np.sqrt(((features - features.mean(0)) ** 2).sum(1).mean()))
    scales = np.r_[np.ones(learned.shape[1]), np.full(features.shape[1], mix.general / spread)]
    both = np.hstack([learned, features]) * scales
    pca = PCA(mix.axes, svd_solver="full").fit(both)
    axes = np.ascontiguousarray(pca.components_.T * scales[:, None], np.float32)
    offset = np.asarray(pca.mean_ @ pca.components_.T, np.float32)
    return torch.from_numpy(axes), torch.from_numpy(offset)


def looks(model: EmbeddingNet, items: Sequence[Item]) -> tuple[Floats, Floats]:
    """The learned vectors (n, dim) and the top's pooled features (n, TOP) of the items' first
    crops, both of unit length.
    """

    def run(crops: Tensor) -> tuple[Tensor, ...]:
        features = model.eval().features(crops)
        return model.read(features)[0], functional.normalize(features[:, :TOP], dim=1)

    learned, features = _each(run, items)
    return learned, features


def _each(run: Callable[[Tensor], tuple[Tensor, ...]], items: Sequence[Item]) -> list[Floats]:
    """What `run` gives of the items' first crops, 64 at a time."""
    out = []
    with torch.no_grad():
        for start in range(0, len(items), 64):
            crops = [i.crops[0] for i in items[start : start + 64]]
            found = run(tensor([plain_crop(photo(path), box) for path, box in crops]))
            out.append([x.numpy() for x in found])
    return [np.concatenate(x) for x in zip(*out, strict=True)]


def restored_embedding_net(checkpoint: Path) -> EmbeddingNet:
    """The averaged network of a checkpoint, of the sizes that it has."""
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")["average"]
    dims = {name: len(weight) for name, weight in state.items() if name.endswith(".weight")}
    heads = tuple(dims[f"heads.{k}.weight"] for k in range(len(HEADS)))
    trunk = empty(trunk_of(state))
    words = dims.get("words.weight", 0)
    model = EmbeddingNet(heads, dims["project.weight"], trunk, words=words)
    loop.load_weights(model, checkpoint)
    return model.eval()


def learned_words(checkpoint: Path) -> dict[str, tuple[str, ...]]:
    """The labels that a checkpoint says it learned; none where its data tell them."""
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")
    return {head: tuple(names) for head, names in state.get("words", {}).items()}


def _check_heads(checkpoint: Path, model: EmbeddingNet, words: dict[str, tuple[str, ...]]) -> None:
    """Raises ModelError: labels of other data would be told for what was learned."""
    for head, part in zip(HEADS, model.heads, strict=True):
        learned = cast("nn.Linear", part).out_features
        if learned != len(words[head]):
            raise ModelError(
                f"{checkpoint}: {learned} classes of {head}, but the data has {len(words[head])}; "
                "export with the data it was trained on"
            )


def export_to(
    folder: Path, checkpoint: Path, items: Sequence[Item], entry: dict[str, Any]
) -> ModelSpec:
    """Write the network of `checkpoint` into `folder`; `items` give the axes, and the
    labels where the checkpoint does not say its own.

    Raises ModelError where the checkpoint learned other labels than the items have.
    """
    words = learned_words(checkpoint) or vocabulary(items)
    model = restored_embedding_net(checkpoint)
    _check_heads(checkpoint, model, words)
    heads = [head for head in HEADS if words[head]]  # a shop may tell no usage and no season
    outs = ("embedding", *heads)
    axes = {name: {0: "n"} for name in ("crop", *outs)}
    graph = EmbeddingGraph(model, *fit_pca(*looks(model, axes_items(items)))).eval()
    parts = {"look": MIX.axes, **{head: len(words[head]) for head in HEADS[:3]}}
    vector = {
        "dim": sum(parts.values()),
        "parts": parts,
        "logit_weights": dict(zip(HEADS, MIX.logit_weights, strict=False)),
        "worn_weights": {"look": WORN_LOOK},
    }
    outputs: dict[str, Any] = {"embedding": vector}
    outputs |= {head: {"classes": len(words[head])} for head in heads}
    examples = [torch.rand(n, 3, SIDE, SIDE) * 2 - 1 for n in (2, 1)]
    found = export.RegistryEntry(
        **(_ENTRY | {"outputs": outputs, "labels": {head: words[head] for head in heads}} | entry)
    )
    return export.publish(graph, (examples, outs, axes), found, folder)


_ENTRY: Final[dict[str, Any]] = {
    "id": "embedding-1",
    "task": "embedding",
    "data": (*export.LICENSES[:2], export.FLATLAY, *export.LICENSES[2:]),
    "input": {"name": "crop", "width": SIDE, "height": SIDE, "expand": EXPAND, "fit": "letterbox"},
    "metrics_command": (
        "thatlook evaluate retrieval --data ../shared/data --sample ../shared/sample"
    ),
    "recipe": "",
    "seed": 0,
}
