"""The recipe of the person network: key points, gender and view of one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset

from thatlook.core.errors import SettingsError
from thatlook.core.taxonomy import KEYPOINT_FLIP, KEYPOINTS, VIEWS
from thatlook.data.scenes import Floats, Pixels, Scene, joint_states, person_box, photo
from thatlook.evaluate.person.metrics import (
    CROP_SIZE,
    EXPAND,
    STRIDE,
    calibration_error,
    crop_window,
    pck,
    peaks,
    recalls,
    swaps,
)
from thatlook.training import audited, augment, export, loop
from thatlook.training.augment import Matrix, Rng
from thatlook.training.nets import Near, PersonNet, imagenet_trunk
from thatlook.training.options import PersonOptions
from thatlook.training.scenes import tensor
from thatlook.vision.models.registry import ModelSpec

GENDERS: Final = ("female", "male")
TURNED: Final = (1.0, 2.0, 2.0)
"""How much each view's mistakes count: few photos show turned people."""

Weights = tuple[float, float, float]
"""Of the first opinion, of the second, and what is added to the first class's logit."""
SIGMA_CELLS: Final = 1.8

# How many views an epoch takes of each kind of photo; both genders and turned people alike. The
# shop's models show more men's faces than the street does; rendered faces show nothing.
_EPOCH: Final = {
    ("street", "female", "front"): 420,
    ("street", "male", "front"): 420,
    ("street", "female", "turned"): 110,
    ("street", "male", "turned"): 60,
    ("model", "female", ""): 480,
    ("model", "male", ""): 480,
    ("pair", "female", "any"): 45,
    ("pair", "male", "any"): 45,
    ("product", "", ""): 60,
}

_MEASURED: Final = ("street", "tagged", "model", "open")
_OPEN: Final = ("open", "", "")
"""One's own people whose gender or view nobody labelled: each is shown once an epoch."""


@dataclass(frozen=True)
class PersonView:
    """One crop with heat targets.

    `points` (17, 2) in crop pixels; `state` (17,): 1 in the crop, 0 surely not, -1 unknown;
    gender and view are class indices, -1 unknown.
    """

    image: Pixels
    points: Floats
    state: NDArray[np.int64]
    gender: int
    view: int


def cut(box: Floats, rng: Rng, kind: str) -> Floats:
    """A frame (x0, y0, x1, y1) that cuts the person off: waist up, knee up, headless, a side."""
    x0, y0, x1, y1 = (float(v) for v in box)
    tall, wide = y1 - y0, x1 - x0
    frame = np.array([-1e4, -1e4, 1e4, 1e4], np.float32)
    if rng.random() > (0.25 if kind == "model" else 0.5):
        return frame
    dice = rng.random()
    if dice < 0.3:
        frame[3] = y0 + rng.uniform(0.25, 0.85) * tall
    elif dice < 0.55:
        # Just above the soles: where the gate is decided.
        frame[3] = y0 + rng.uniform(0.82, 0.98) * tall
    elif dice < 0.7:
        frame[1] = y0 + rng.uniform(0.06, 0.55) * tall
    elif dice < 0.9:
        side = rng.uniform(0.25, 0.75) * wide
        frame[0 if rng.random() < 0.5 else 2] = x0 + side
    else:
        frame[1], frame[3] = y0 + rng.uniform(0.08, 0.3) * tall, y0 + rng.uniform(0.5, 0.96) * tall
    return frame


class PersonViews(Dataset[PersonView]):
    """Crops of scenes by (row, seed); seed -1 gives the plain crop that measurement uses."""

    def __init__(self, scenes: Sequence[Scene]):
        self.scenes = list(scenes)

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, key: tuple[int, int]) -> PersonView:
        row, seed = key
        scene = self.scenes[row]
        box, image = person_box(scene), photo(scene.path)
        if seed < 0:
            matrix = augment.window_to(crop_window(box), CROP_SIZE)
            return self._view(scene, augment.warp(image, matrix, CROP_SIZE), matrix, None)
        rng = np.random.default_rng((seed, row))
        frame = cut(box, rng, scene.kind)
        image, frame = _cropped(image, frame)
        box = np.clip(box, [*frame[:2], *frame[:2]], [*frame[2:], *frame[2:]]).astype(np.float32)
        span = np.tile(box[2:] - box[:2], 2)
        box = np.asarray(box + rng.normal(0, 0.03, 4) * span, np.float32)
        flip = bool(rng.random() < 0.5)
        window = crop_window(box)
        grow = (window[2:] - window[:2]) * rng.uniform(-0.08, 0.12)
        window = np.concatenate([window[:2] - grow, window[2:] + grow]).astype(np.float32)
        matrix = augment.window_to(window, CROP_SIZE, flip=flip)
        matrix = augment.turn(matrix, float(rng.normal(0, 6)), CROP_SIZE)
        picture = _framed(image, frame, matrix)
        picture = augment.light(picture, rng)
        if rng.random() < 0.25:
            other = photo(self.scenes[rng.integers(len(self.scenes))].path)
            picture = augment.occlude(picture, other, rng)
        view = self._view(scene, augment.wear(picture, rng), matrix, frame)
        return mirrored(view) if flip else view

    @staticmethod
    def _view(scene: Scene, image: Pixels, matrix: Matrix, frame: Floats | None) -> PersonView:
        state = joint_states(scene)
        points = np.zeros((len(KEYPOINTS), 2), np.float32)
        if scene.keypoints is not None:
            at = scene.keypoints[:, :2]
            points = augment.map_points(at, matrix)
            out = (points < 0).any(1) | (points >= CROP_SIZE).any(1)
            if frame is not None:
                out |= (at < frame[:2]).any(1) | (at >= frame[2:]).any(1)
            state = np.where(out, 0, state)
        gender = GENDERS.index(scene.gender) if scene.gender in GENDERS else -1
        view = VIEWS.index(scene.view) if scene.view in VIEWS else -1
        return PersonView(image, points, state, gender, view)


def mirrored(view: PersonView) -> PersonView:
    """The view with left and right key points exchanged: what a flipped picture shows."""
    order = list(KEYPOINT_FLIP)
    return PersonView(view.image, view.points[order], view.state[order], view.gender, view.view)


def _cropped(image: Pixels, frame: Floats) -> tuple[Pixels, Floats]:
    height, width = image.shape[:2]
    limit = np.array([width, height], np.float32)
    inside = np.concatenate([np.clip(frame[:2], 0, limit - 8), np.clip(frame[2:], 8, limit)])
    return image, inside.astype(np.float32)


def _framed(image: Pixels, frame: Floats, matrix: Matrix) -> Pixels:
    """The canvas of only that part of the photo which `frame` shows."""
    x0, y0, x1, y1 = (int(v) for v in frame)
    part = np.ascontiguousarray(image[y0:y1, x0:x1])
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ (x0, y0)
    return augment.warp(part, moved, CROP_SIZE)


def heat(points: Floats, state: NDArray[np.int64]) -> Floats:
    """Gaussian targets (17, h, w): a peak of 1 for points in the crop, zero for all others."""
    width, height = CROP_SIZE[0] // STRIDE, CROP_SIZE[1] // STRIDE
    x = (np.arange(width) + 0.5)[None] - points[:, :1] / STRIDE
    y = (np.arange(height) + 0.5)[None] - points[:, 1:] / STRIDE
    spread = 2 * SIGMA_CELLS**2
    maps = np.exp(-(y**2)[:, :, None] / spread) * np.exp(-(x**2)[:, None, :] / spread)
    return np.asarray(maps * (state == 1)[:, None, None], np.float32)


def collate(views: Sequence[PersonView]) -> tuple[Tensor, ...]:
    """Images, heat targets, their weights (n, 17), genders and views."""
    maps = torch.from_numpy(np.stack([heat(v.points, v.state) for v in views]))
    weights = torch.from_numpy(np.stack([v.state >= 0 for v in views])).float()
    genders = torch.tensor([v.gender for v in views])
    sides = torch.tensor([v.view for v in views])
    return tensor([v.image for v in views]), maps, weights, genders, sides


def heat_loss(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Binary cross-entropy against gaussians, per known key point; zero for a perfect map."""
    plain = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    entropy = functional.binary_cross_entropy(target, target, reduction="none")
    per = (plain - entropy).sum((2, 3))
    return (per * weights).sum() / weights.sum().clamp(min=1)


class PersonTask:
    """Crops, loss and measurement for `loop.fit`."""

    metric = "score"

    def __init__(self, scenes: list[Scene], options: PersonOptions):
        self.options = options
        self.train = [s for s in scenes if s.split == "train"]
        self.val = [s for s in scenes if s.split == "val" and s.kind in _MEASURED]
        self.views = PersonViews(self.train)
        self.net = PersonNet(
            len(KEYPOINTS),
            len(VIEWS),
            trunk=imagenet_trunk(),
            near=imagenet_trunk(1, depth=Near.DEPTH),
        )
        if options.keep_body:
            self.net.keep_body()
        self.model: nn.Module = self.net
        self.rows = {
            key: [i for i, s in enumerate(self.train) if _is(s, key)] for key in (*_EPOCH, _OPEN)
        }

    def collate(self, views: Any) -> Any:
        """Images, heat targets with weights, genders and views."""
        return collate(views)

    def plan(self, epoch: int) -> list[list[Any]]:
        """Keys of crops with genders, views and sources in fixed shares."""
        rng = np.random.default_rng((self.options.seed, epoch))
        keys: list[tuple[int, int]] = []
        for kind, found in self.rows.items():
            count = _EPOCH.get(kind, len(found))
            if found:
                laps = [rng.permutation(found) for _ in range(-(-count // len(found)))]
                keys += [(int(r), int(rng.integers(2**31))) for r in np.concatenate(laps)[:count]]
        order, size = rng.permutation(len(keys)), self.options.batch
        return [
            [keys[i] for i in order[start : start + size]]
            for start in range(0, len(keys) - size + 1, size)
        ]

    def loss(self, model: nn.Module, batch: Any) -> tuple[Tensor, dict[str, float]]:
        """Heat, gender and view loss; each opinion learns alone, so that none leans on another."""
        images, target, weights, genders, sides = batch
        found = cast("PersonNet", model).read(images)
        heated = heat_loss(found.maps, target, weights)
        sexed = [_told(x, genders, smoothing=0.02) for x in found.genders]
        turned = _told(found.views[0], sides, weight=torch.tensor(TURNED))
        parts = {"heat": heated.item(), "gender": sexed[0].item(), "view": turned.item()}
        parts |= {"near": sexed[1].item()}
        return 0.05 * heated + sexed[0] + sexed[1] + 0.7 * turned, parts

    def measure(self, model: nn.Module) -> dict[str, float]:
        """PCK on street photos, balanced gender accuracy on street and product photos, views."""
        return figures(*infer(model, self.val), self.val)


def _told(
    logits: Tensor, classes: Tensor, *, weight: Tensor | None = None, smoothing: float = 0.0
) -> Tensor:
    """Cross-entropy (): of the known ones among `classes` (n,), -1 unknown; 0 where none is."""
    if not bool((classes >= 0).any()):
        return logits.sum() * 0
    return functional.cross_entropy(
        logits, classes, ignore_index=-1, weight=weight, label_smoothing=smoothing
    )


def _is(scene: Scene, key: tuple[str, str, str]) -> bool:
    kind, gender, view = key
    mine = "street" if scene.kind == "tagged" else scene.kind
    turned = view in ("", "any") or (view == "front") == (scene.view == "front")
    return mine == kind and (not gender or scene.gender == gender) and turned


def infer(model: nn.Module, scenes: Sequence[Scene]) -> tuple[Floats, Floats, Floats]:
    """Heatmap peaks (n, 17, 3) in crop pixels, gender (n, 2) and view (n, 3) logits."""
    model.eval()
    views = PersonViews(scenes)
    out: list[tuple[Floats, Floats, Floats]] = []
    with torch.no_grad():
        for start in range(0, len(scenes), 32):
            part = [views[i, -1] for i in range(start, min(start + 32, len(scenes)))]
            maps, gender, view = model(tensor([v.image for v in part]))
            out.append((peaks(maps.sigmoid().numpy()), gender.numpy(), view.numpy()))
    at, gender, view = (np.concatenate(x) for x in zip(*out, strict=True))
    return at, gender, view


def figures(at: Floats, gender: Floats, view: Floats, scenes: Sequence[Scene]) -> dict[str, float]:
    """The measured figures of predictions for `scenes`, as `infer` gives them."""
    views = PersonViews(scenes)
    truth = [views[i, -1] for i in range(len(scenes))]
    street = np.array([s.kind != "model" for s in scenes])
    seen = np.stack([np.hstack([t.points, (t.state == 1)[:, None]]) for t in truth]).astype(
        np.float32
    )
    posed = np.array([s.keypoints is not None for s in scenes])
    out = {"pck": float(np.nanmean(pck(at[street & posed], seen[street & posed])))}
    out["swaps"] = float(swaps(at[street & posed], seen[street & posed]))
    true_gender = np.array([t.gender for t in truth])
    for name, rows in (("street", street), ("product", ~street)):
        found = recalls(gender.argmax(1)[rows], true_gender[rows], GENDERS)
        out |= {f"{name}_{k}": v for k, v in found.items()}
        if found:
            out[f"{name}_gender"] = float(np.mean(list(found.values())))
    true_view = np.array([t.view for t in truth])
    out |= recalls(view.argmax(1)[street], true_view[street], VIEWS)
    known = street & (true_gender >= 0)
    if known.any():
        probability = torch.from_numpy(gender).softmax(1).numpy()[known]
        right = probability.argmax(1) == true_gender[known]
        out["gender_ece"] = calibration_error(probability.max(1), right)
    # What one's own data does not label counts for none of the checkpoints.
    weights = {"pck": 1.0, "street_gender": 1.0, "front": 0.5, "side": 0.5}
    out["score"] = sum(weight * out.get(name, 0.0) for name, weight in weights.items())
    return out


def run(options: PersonOptions) -> int:
    """Train and write checkpoints; the exit status.

    Raises SettingsError where a body is to be kept and none is given.
    """
    if options.keep_body and not (options.start or options.resume):
        raise SettingsError("--keep-body needs --start CHECKPOINT: without one there is no body")

    def make() -> PersonTask:
        return PersonTask(audited.scenes_of(options, people=True), options)

    # The body of a checkpoint from before the head was read is a start too.
    return loop.train(make, options, whole=False)


class PersonGraph(nn.Module):
    """The network as exported: heat in 0..1, calibrated gender and view probabilities.

    `weights` are for gender, then for view, as `opinion_weights` finds them.
    """

    def __init__(self, model: nn.Module, weights: tuple[Weights, Weights] = ((1, 1, 0), (1, 1, 0))):
        super().__init__()
        self.model = cast("PersonNet", export.fold_batch_norms(model))
        self.weights = weights

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Heatmaps (n, 17, h / 8, w / 8), gender (n, 2), view (n, 3)."""
        found = self.model.read(crop)
        gender, view = (
            _weighed(pair, weights).softmax(-1)
            for pair, weights in zip((found.genders, found.views), self.weights, strict=True)
        )
        return found.maps.sigmoid(), gender, view


def _weighed(opinions: tuple[Tensor, Tensor], weights: Weights | Tensor) -> Tensor:
    """The logits (n, classes) of both opinions together."""
    one, other = opinions
    first = torch.tensor([1.0] + [0.0] * (one.shape[1] - 1), dtype=one.dtype)
    return weights[0] * one + weights[1] * other + weights[2] * first


def opinion_weights(
    opinions: tuple[Floats, Floats],
    truth: NDArray[np.int64],
    costs: Sequence[float] | None = None,
) -> Weights:
    """How much each of two opinions' logits (n, classes) counts, and what the first class gets
    beside: least cross-entropy, each class's weighed by its cost.

    This is Platt's scaling (1999) of two scores at once. Classes of -1 are not known and do not
    count; fewer than two known leave the opinions as they are.
    """
    known = truth >= 0
    if len(set(truth[known])) < 2:
        return 1.0, 1.0, 0.0
    one, other = (torch.from_numpy(np.asarray(x[known], np.float64)) for x in opinions)
    goal = torch.from_numpy(truth[known])
    cost = None if costs is None else torch.tensor(costs, dtype=torch.float64)
    start = torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64)
    weights = start.clone().requires_grad_()
    solver = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        solver.zero_grad()
        loss = functional.cross_entropy(_weighed((one, other), weights), goal, weight=cost)
        # A hair of decay: an opinion of zeros would leave its weight open.
        loss = loss + 1e-4 * (weights - start).pow(2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    solver.step(closure)  # type: ignore[no-untyped-call]
    a, b, offset = (float(w) for w in weights.detach())
    return a, b, offset


def readings(model: PersonNet, scenes: Sequence[Scene]) -> list[Floats]:
    """Of the scenes' plain crops: both opinions on gender, both on view, postures (n, POSTURES)."""
    model.eval()
    views, parts = PersonViews(scenes), []
    with torch.no_grad():
        for start in range(0, len(scenes), 32):
            rows = range(start, min(start + 32, len(scenes)))
            found = model.read(tensor([views[i, -1].image for i in rows]))
            parts.append([x.numpy() for x in (*found.genders, *found.views, found.posture)])
    return [np.concatenate(x) for x in zip(*parts, strict=True)]


def fit_posture(model: PersonNet, scenes: Sequence[Scene]) -> None:
    """Teach `model` what key points say of the view: a logistic regression on plain crops.

    Changed crops would teach it the changes: of 18 numbers none can tell a turned torso from one
    that is cut off. Fronts and turned people count alike, however few are turned. Nothing is
    changed where fewer than two views are labelled.
    """
    told = [s for s in scenes if s.view in VIEWS]
    truth = np.array([VIEWS.index(s.view) for s in told], np.int64)
    if len(set(truth)) < 2:
        return
    found = readings(model, told)[-1]
    middle, spread = found.mean(0), found.std(0) + 1e-6
    front = truth == VIEWS.index("front")
    share = np.where(front, 0.5 / max(front.mean(), 1e-6), 0.5 / max((~front).mean(), 1e-6))
    line = LogisticRegression(C=0.1, max_iter=1000)
    line.fit((found - middle) / spread, truth, sample_weight=share)
    slopes, offsets = line.coef_, line.intercept_
    if len(line.classes_) == 2:
        # Of two classes only the second one's odds are given.
        slopes, offsets = np.vstack([-slopes, slopes]) / 2, np.r_[-offsets, offsets] / 2
    weight, bias = np.zeros((len(VIEWS), found.shape[1])), np.full(len(VIEWS), -9.0)
    weight[line.classes_] = slopes / spread
    bias[line.classes_] = offsets - (slopes / spread) @ middle
    model.posture.weight.data = torch.from_numpy(weight.astype(np.float32))
    model.posture.bias.data = torch.from_numpy(bias.astype(np.float32))


def export_to(
    folder: Path, checkpoint: Path, scenes: Sequence[Scene], entry: dict[str, Any]
) -> ModelSpec:
    """Write the network of `checkpoint` into `folder`.

    Of `scenes` the street photos of the train side teach what a posture says, and the val side
    sets the opinions' weights.
    """
    model = PersonNet(len(KEYPOINTS), len(VIEWS))
    loop.load_weights(model, checkpoint)
    fit_posture(model, [s for s in scenes if s.split == "train" and s.kind != "model"])
    weights: tuple[Weights, Weights] = ((1.0, 1.0, 0.0), (1.0, 1.0, 0.0))
    val = [s for s in scenes if s.split == "val"]
    if val:
        one, near, whole, posture, _ = readings(model, val)
        truth = [PersonViews(val)[i, -1] for i in range(len(val))]
        weights = (
            opinion_weights((one, near), np.array([t.gender for t in truth])),
            opinion_weights((whole, posture), np.array([t.view for t in truth]), TURNED),
        )
    graph = PersonGraph(model, weights).eval()
    names = ("heatmaps", "gender", "view")
    axes = {name: {0: "n"} for name in ("crop", *names)}
    examples = [torch.rand(n, 3, CROP_SIZE[1], CROP_SIZE[0]) * 2 - 1 for n in (2, 1)]
    found = export.RegistryEntry(**(_ENTRY | entry))
    return export.publish(graph, (examples, names, axes), found, folder)


_ENTRY: Final[dict[str, Any]] = {
    "id": "person-1",
    "task": "person",
    "input": {
        "name": "crop",
        "width": CROP_SIZE[0],
        "height": CROP_SIZE[1],
        "expand": EXPAND,
        "fit": "letterbox",
    },
    "outputs": {
        "heatmaps": {"stride": STRIDE, "keypoints": list(KEYPOINTS)},
        "gender": {"classes": list(GENDERS)},
        "view": {"classes": list(VIEWS)},
    },
    "labels": {"gender": GENDERS, "view": VIEWS},
    "metrics_command": "thatlook evaluate person --data ../shared/data",
    "recipe": "",
    "seed": 0,
}
