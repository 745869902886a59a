"""The report of the person protocol: joints, sides, the gate's curves, groups, the worst photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from thatlook.core.records import Look, Person
from thatlook.core.taxonomy import KEYPOINTS, PERSON_CLASS, VIEWS
from thatlook.evaluate.person import gate
from thatlook.evaluate.person.gate import FULL, GateShot
from thatlook.evaluate.person.groups import groups_of, interval
from thatlook.evaluate.person.metrics import (
    DEFAULTS,
    GENDERS,
    gender_figures,
    gendered,
    joints_of,
    labelled_keypoints,
    legs_swapped,
    pck,
    pose_figures,
    swapped,
    torso,
    truth_of,
    view_figures,
    viewed,
)
from thatlook.evaluate.person.sheets import drawn
from thatlook.evaluate.report import Report
from thatlook.render import page, svg
from thatlook.render.photo import Mark, color_of, figure
from thatlook.vision.models.registry import ModelSpec

if TYPE_CHECKING:
    from thatlook.data.scenes import Scene

Floats = NDArray[np.float32]

SHOWN: Final = 18
FOUND_COLOR, LABEL_COLOR = "#ffd54a", "#4aa3ff"
MAIN_FIGURES: Final = {
    "PCK at 0.2 of the torso": "pck",
    "balanced gender accuracy": "gender",
    "the same on product photos": "product_gender",
    "front recall": "front",
    "full shots that pass the gate": "gate_full",
    "crops that pass it": "gate_crops",
}
MEANINGS: Final = {
    "pck": "share of key points within 0.2 of the shoulder-to-hip diagonal, mean over joints",
    "pck_worst_joint": "the same of the joint that fares worst",
    "swaps": "people whose shoulders or hips lie nearer to the other side's label",
    "swaps_legs": "people whose knees or ankles do, where these are apart",
    "oks_ap": "COCO key-point AP, one person a photo; area: 0.53 of the box",
    "oks_ap50": "the same at an object key-point similarity of 0.5",
    "gender": "mean of the recalls of both genders",
    "gender_ece": "expected calibration error of the gender's probability, ten bins",
    "gender_unknown": f"share below {DEFAULTS.gender_threshold}, where the person is `unknown`",
    "female": "recall",
    "male": "recall",
    "front": "recall",
    "side": "recall",
    "back": "recall",
    "not_front": "share of turned people that are found turned",
    "gate": "share of these made crops that pass as a full shot",
    "gate_full": "share of full shots that pass: the gate's recall",
    "gate_crops": "mean over the kinds of crops",
    "gate_precision": "for as many crops as full shots",
    "lone_person": "share of product photos without a person in which the pipeline reports one",
    "product": "the same on product photos with a person",
    "median_ms": "time of one person on this machine, for orientation",
}


@dataclass(frozen=True, slots=True, eq=False)
class PersonMeasurements:
    """What a person network said: of labelled people, of their photos cut (`shots`), of people in
    product photos; and the `lone` products in which the whole pipeline saw a person.
    """

    scenes: Sequence[Scene]
    people: Sequence[Person]
    shots: Sequence[GateShot]
    worn: Sequence[Scene]
    worn_people: Sequence[Person]
    lone: int
    mistaken: Sequence[tuple[Path, Look]]
    median_ms: float


def person_report(spec: ModelSpec, got: PersonMeasurements) -> Report:
    """The whole report."""
    figures = pose_figures(got.people, got.scenes)
    figures |= gender_figures(got.people, got.scenes) | view_figures(got.people, got.scenes)
    shown = gender_figures(got.worn_people, got.worn) | view_figures(got.worn_people, got.worn)
    figures |= {f"product_{name}": value for name, value in shown.items()}
    figures |= gate.gate_figures(got.shots, DEFAULTS)
    if got.lone:
        figures["lone_person"] = len(got.mistaken) / got.lone
    report = Report("Person", spec, figures | {"median_ms": got.median_ms})
    report.main, report.meanings = MAIN_FIGURES, MEANINGS
    report.data = f"{len(got.scenes)} people, {len(got.worn)} in product photos"
    _joints(report, got)
    _gender(report, got)
    _views(report, got)
    _gate(report, got)
    _groups(report, got)
    _lone(report, got)
    return report


def _joints(report: Report, got: PersonMeasurements) -> None:
    found, truth, rows = labelled_keypoints(got.people, got.scenes)
    if not rows:
        return
    per, off = pck(found, truth), _off(found, truth)
    seen = truth[..., 2] >= 0.5
    typical = [float(np.median(off[seen[:, k], k])) if seen[:, k].any() else np.nan
               for k in range(len(KEYPOINTS))]  # fmt: skip
    table = [
        (name, int(seen[:, k].sum()), float(per[k]), typical[k]) for k, name in enumerate(KEYPOINTS)
    ]
    heads = ("joint", "labelled", "PCK at 0.2", "median error")
    shares = np.linspace(0, 0.5, 26)
    near = [float((off[seen] <= share).mean()) for share in shares]
    reach = list(zip(shares.tolist(), near, strict=True))
    report.details["joints"] = [dict(zip(heads, row, strict=True)) for row in table]
    plot = svg.curves(
        {"all joints": reach},
        svg.Axis("distance in torso lengths", 0, 0.5),
        svg.Axis("share within"),
    )
    lead = (
        "A torso length is the diagonal from a shoulder to the other side's hip, here "
        f"{float(np.median(torso(truth))):.0f} px at the median."
    )
    report.add("Key points", page.table(heads, table), plot, lead=lead)
    crossed = [rows[i] for i in np.flatnonzero(swapped(found, truth) | legs_swapped(found, truth))]
    worst = np.array([np.mean(np.minimum(off[i][seen[i]], 1)) if seen[i].any() else 0 for i in
                      range(len(rows))])  # fmt: skip
    order = [rows[i] for i in np.argsort(-worst, kind="stable")]
    chosen = list(dict.fromkeys([*crossed, *order]))[:SHOWN]
    report.details["swapped"] = [got.scenes[row].path.name for row in crossed]
    report.details["worst_poses"] = [got.scenes[row].path.name for row in chosen]
    figures = [
        _pose_figure(
            got.scenes[row], got.people[row], "left and right exchanged" if row in crossed else ""
        )
        for row in chosen
    ]
    lead = "Yellow: found. Blue: labelled. Both mark the person's own left; white is the right."
    report.add("Worst poses", page.sheet(figures), lead=lead)


def _off(found: Floats, truth: Floats) -> Floats:
    """The distances (n, 17) from found to labelled joints in torso lengths."""
    apart = np.hypot(*np.moveaxis(found[..., :2] - truth[..., :2], -1, 0))
    return np.asarray(apart / torso(truth)[:, None], np.float32)


def _pose_figure(scene: Scene, person: Person, note: str) -> Markup:
    from thatlook.data.scenes import photo

    truth = truth_of([scene])[0].tolist()
    mine = joints_of([person])[0].tolist()
    poses = [(truth, LABEL_COLOR), (mine, FOUND_COLOR)]
    return figure(photo(scene.path), [scene.path.name, *([note] if note else [])], (), poses)


def _gender(report: Report, got: PersonMeasurements) -> None:
    parts: list[Markup] = []
    for where, people, scenes in (
        ("street", got.people, got.scenes),
        ("product photos", got.worn_people, got.worn),
    ):
        truth, side, score, rows = gendered(people, scenes)
        if not len(truth):
            continue
        counts = [[int(((truth == i) & (side == j)).sum()) for j in range(2)] for i in range(2)]
        report.details[f"gender_confusion_{where.split()[0]}"] = counts
        parts.append(page.words(f"On {where}, whatever the probability:"))
        parts.append(svg.matrix(GENDERS, GENDERS, counts))
        bins = reliability(score, side == truth)
        report.details[f"reliability_{where.split()[0]}"] = bins
        points = [(b["said"], b["right"]) for b in bins]
        parts.append(
            svg.curves(
                {where: points},
                svg.Axis("probability that the network gives", 0.5, 1),
                svg.Axis("share that is right"),
                guide=[(0.5, 0.5), (1, 1)],
                dotted=True,
            )
        )
        table = [(b["said"], b["right"], b["photos"]) for b in bins]
        parts.append(page.table(("said", "right", "photos"), table))
        wrong = sorted(np.flatnonzero(side != truth).tolist(), key=lambda i: -float(score[i]))
        parts.append(
            page.sheet(
                _labelled(
                    scenes[rows[i]],
                    f"labelled {GENDERS[truth[i]]}, found {GENDERS[side[i]]} {score[i]:.2f}",
                )
                for i in wrong[:SHOWN]
            )
        )
        report.details[f"gender_mistaken_{where.split()[0]}"] = [
            scenes[rows[i]].path.name for i in wrong
        ]
    if parts:
        lead = (
            "Gender is how a person is presented, for choosing a department. The line of a well "
            "calibrated network lies on the dashed one. Photos: the mistakes, the surest first."
        )
        report.add("Gender", *parts, lead=lead)


def reliability(score: Floats, right: NDArray[np.bool_], bins: int = 10) -> list[dict[str, float]]:
    """Per bin of the winning probability that has photos: what was `said` on the mean, what share
    was `right`, how many `photos`. The bins divide 0.5 to 1.
    """
    index = np.minimum(((score - 0.5) * 2 * bins).astype(int), bins - 1)
    return [
        {
            "said": float(score[index == k].mean()),
            "right": float(right[index == k].mean()),
            "photos": int((index == k).sum()),
        }
        for k in range(bins)
        if (index == k).any()
    ]


def _labelled(scene: Scene, words: str) -> Markup:
    from thatlook.data.scenes import person_box, photo

    mark = Mark(person_box(scene).tolist(), "", color_of(PERSON_CLASS), dashed=True)
    return figure(photo(scene.path), [scene.path.name, words], [mark])


def _views(report: Report, got: PersonMeasurements) -> None:
    truth, found, rows = viewed(got.people, got.scenes)
    if not len(truth):
        return
    n = len(VIEWS)
    counts = [[int(((truth == i) & (found == j)).sum()) for j in range(n)] for i in range(n)]
    report.details["view_confusion"] = counts
    wrong = [int(i) for i in np.flatnonzero(found != truth)]
    report.details["view_mistaken"] = [got.scenes[rows[i]].path.name for i in wrong]
    sheet = page.sheet(
        _labelled(
            got.scenes[rows[i]],
            f"labelled {VIEWS[truth[i]]}, found {VIEWS[found[i]]} "
            f"{got.people[rows[i]].view_score:.2f}",
        )
        for i in wrong[:SHOWN]
    )
    lead = "Front means that the torso is turned by less than about 45 degrees."
    report.add("View", svg.matrix(VIEWS, VIEWS, counts), sheet, lead=lead)


def _gate(report: Report, got: PersonMeasurements) -> None:
    if not got.shots:
        return
    dials = {
        "keypoint_threshold": np.linspace(0.02, 0.6, 30),
        "torso_threshold": np.linspace(0.02, 0.6, 30),
        "foot_room": np.linspace(0, 0.16, 33),
    }
    parts = []
    for dial, values in dials.items():
        lines = gate.curve(got.shots, DEFAULTS, dial, values.tolist())
        report.details[f"gate_over_{dial}"] = lines
        at = float(getattr(DEFAULTS, dial))
        x = svg.Axis(dial, float(values[0]), float(values[-1]))
        plot = svg.curves(lines, x, svg.Axis("share that passes"), guide=[(at, 0), (at, 1)])
        parts.append(plot)
    refused = [
        shot for shot in got.shots if shot.name == FULL and not shot.judged(DEFAULTS).full_shot
    ]
    passed = [shot for shot in got.shots if shot.name != FULL and shot.judged(DEFAULTS).full_shot]
    report.details["gate_refused"] = [shot.path.name for shot in refused]
    report.details["gate_passed_crops"] = [f"{shot.path.name} {shot.name}" for shot in passed]
    parts.append(page.words("Full shots that were refused, and crops that were not:"))
    parts.append(page.sheet(map(_shot, [*refused[:SHOWN], *passed[:SHOWN]])))
    whole = sum(shot.name == FULL for shot in got.shots)
    lead = (
        f"{whole} photos of whole people, each also cut in five ways. The dashed line is the "
        "setting in use; the curves move one setting and leave the others."
    )
    report.add("The gate", *parts, lead=lead)


def _shot(shot: GateShot) -> Markup:
    from thatlook.data.scenes import photo

    image = photo(shot.path)
    if shot.cut is not None:
        x0, y0, x1, y1 = (int(v) for v in shot.cut)
        image = np.ascontiguousarray(image[y0:y1, x0:x1])
    points = [(k.x, k.y, k.score) for k in shot.keypoints]
    why = "; ".join(shot.judged(DEFAULTS).failed) or "passes"
    return figure(image, [f"{shot.path.name} {shot.name}", why], (), [(points, FOUND_COLOR)])


def _groups(report: Report, got: PersonMeasurements) -> None:
    rows: list[tuple[Any, ...]] = []
    passed = {shot.path: shot.judged(DEFAULTS).full_shot for shot in got.shots if shot.name == FULL}
    for kind, members in groups_of(got.scenes).items():
        for name, chosen in members.items():
            people, scenes = [got.people[i] for i in chosen], [got.scenes[i] for i in chosen]
            found, truth, _ = labelled_keypoints(people, scenes)
            labelled, side, score, _ = gendered(people, scenes)
            right = side == labelled
            gated = [passed[s.path] for s in scenes if s.path in passed]
            low, high = interval(right)
            rows.append(
                (
                    f"{kind}: {name}",
                    len(chosen),
                    float(np.nanmean(pck(found, truth))) if len(found) else float("nan"),
                    float(right.mean()) if len(right) else float("nan"),
                    f"{low:.2f} to {high:.2f}",
                    float((score < DEFAULTS.gender_threshold).mean())
                    if len(score)
                    else float("nan"),
                    float(np.mean(gated)) if gated else float("nan"),
                )
            )
    heads = ("group", "people", "PCK", "gender right", "95 % of it", "unknown", "pass the gate")
    report.details["groups"] = [dict(zip(heads, row, strict=True)) for row in rows]
    lead = (
        "Formed by the labels, by how the photo was taken and by how the person stands; never by "
        "skin. The interval is what so few photos can tell."
    )
    report.add("By group", page.table(heads, rows), lead=lead)


def _lone(report: Report, got: PersonMeasurements) -> None:
    if not got.lone:
        return
    report.details["lone_products_with_person"] = [path.name for path, _ in got.mistaken]
    sheet = page.sheet(drawn(path, look) for path, look in got.mistaken[:SHOWN])
    lead = f"Of {got.lone} products photographed without a person, a person is reported on these."
    report.add("Nobody is there", sheet, lead=lead)
