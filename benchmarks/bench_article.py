"""The article network's input size, threads and int8: time against a reference, and AP on val.

Every variant reads the same photos in turn, so that all of them meet the same busy neighbours;
times are medians, also as a ratio to the reference (a matrix product) of the same moment.
int8 is ONNX Runtime's static quantization of the convolutions (QDQ, per channel, activations by
minimum and maximum), calibrated on photos of the train side. Needs the extra `train`.

    python benchmarks/bench_article.py DATA_FOLDER [--areas 98304 163840] [--threads 1 4]
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quant_pre_process,
    quantize_static,
)

from reference import quiet_reference_ms
from thatlook.data.scenes import Scene, photo, street_scenes
from thatlook.evaluate.detection.metrics import MIN_SCORE, average_precision, found_in
from thatlook.vision.models.registry import ModelSpec, resolve
from thatlook.vision.models.session import Session, to_batch
from thatlook.vision.stages.article import ArticleStage, reader_of

SHOWN = ("ap50", "ap", "main_ap50")


class Photos(CalibrationDataReader):
    """Photos as the network gets them, for the ranges of its activations."""

    def __init__(self, spec: ModelSpec, scenes: list[Scene]) -> None:
        self.left: Iterator[dict[str, np.ndarray]] = (
            {spec.input["name"]: to_batch([reader_of(spec).fit(photo(s.path)).canvas], spec)}
            for s in scenes
        )

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.left, None)


def of_area(spec: ModelSpec, area: int) -> ModelSpec:
    """The network with photos scaled to another area, the longest side in proportion."""
    usual = spec.input
    side = round(usual["max_side"] * (area / usual["area"]) ** 0.5 / 32) * 32
    least = min(usual.get("least_area", area), area)
    given = {**usual, "area": area, "least_area": least, "max_side": side}
    return dataclasses.replace(spec, input=given)


def folded(spec: ModelSpec, folder: Path) -> Path:
    """The network with its stored bytes folded into float32 weights, as ONNX Runtime runs it."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folder / "folded.onnx")
    onnxruntime.InferenceSession(spec.read(), options, providers=["CPUExecutionProvider"])
    quant_pre_process(folder / "folded.onnx", folder / "ready.onnx", skip_symbolic_shape=True)
    return folder / "ready.onnx"


def quantized(spec: ModelSpec, scenes: list[Scene], folder: Path, *, keep: str) -> ModelSpec:
    """The network in int8; convolutions of the parts that `keep` lists stay in float32."""
    ready, path = folded(spec, folder), folder / f"int8-{keep or 'all'}.onnx"
    quantize_static(
        ready,
        path,
        Photos(spec, scenes),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=kept_in(ready, keep),
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return dataclasses.replace(spec, id=path.stem, path=path, sha256=digest)


def kept_in(path: Path, keep: str) -> list[str]:
    """The names of the nodes in the parts that `keep` lists, such as side,score."""
    import onnx

    parts = [f"/{part}" for part in keep.split(",") if part]
    names = [node.name for node in onnx.load(path).graph.node]
    return [name for name in names if any(part in name for part in parts)]


def measured(variants: dict[str, ArticleStage], scenes: list[Scene]) -> list[dict[str, object]]:
    """Times and AP of each variant on the scenes, in turn photo by photo.

    The time is the stage's, at the thresholds in use; AP needs detections far below them.
    """
    times: dict[str, list[float]] = {name: [] for name in variants}
    ratios: dict[str, list[float]] = {name: [] for name in variants}
    found: dict[str, list] = {name: [] for name in variants}
    for stage in variants.values():
        stage.run(photo(scenes[0].path))
    for scene in scenes:
        image = photo(scene.path)
        for name, stage in variants.items():
            found[name].append(found_in(stage, image, MIN_SCORE))
            base = quiet_reference_ms()
            stage.run(image)  # once unmeasured: the reference emptied the caches
            started = time.perf_counter()
            stage.run(image)
            spent = (time.perf_counter() - started) * 1000
            times[name].append(spent)
            ratios[name].append(spent / base)
    rows = []
    for name in variants:
        figures = average_precision(scenes, found[name])
        row = {"ms": float(np.median(times[name])), "ratio": float(np.median(ratios[name]))}
        rows.append({"variant": name, **row, **{k: figures[k] for k in SHOWN}})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder that holds street/")
    parser.add_argument("--model", default="", help="a registry entry (default: what ships)")
    parser.add_argument("--areas", type=int, nargs="*", default=[98304, 131072, 163840, 196608])
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--photos", type=int, default=0, help="of the val side; 0: all")
    parser.add_argument("--calibrate", type=int, default=100, help="photos of the train side")
    parser.add_argument(
        "--keep",
        nargs="*",
        default=["", "stem,blocks.0,blocks.1,side,score,mask"],
        help="int8 variants: the parts of the network that stay float32 in each",
    )
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    spec = resolve("article", args.model)
    labelled = [s for s in street_scenes(args.data / "street") if s.kind == "street"]
    val = [s for s in labelled if s.split == "val"][: args.photos or None]
    train = [s for s in labelled if s.split == "train"]
    some = train[:: max(1, len(train) // args.calibrate)][: args.calibrate]
    with tempfile.TemporaryDirectory() as folder:
        small = [quantized(spec, some, Path(folder), keep=k) for k in args.keep]
        usual = max(args.threads)
        variants = {}
        for area in args.areas:
            variants[f"float32 {area} px, {usual} threads"] = (of_area(spec, area), usual)
        for threads in args.threads:
            variants[f"float32 {spec.input['area']} px, {threads} threads"] = (spec, threads)
            for entry in small:
                name = f"{entry.id} {spec.input['area']} px"
                variants[f"{name}, {threads} threads"] = (entry, threads)
        opened = {name: ArticleStage.of(Session(s, n)) for name, (s, n) in variants.items()}
        rows = measured(opened, val)
        sizes = {entry.id: entry.path.stat().st_size for entry in small}
    for row in rows:
        figures = "  ".join(f"{k} {row[k]:.4f}" for k in SHOWN)
        print(f"{row['variant']:<44} {row['ms']:7.1f} ms  {row['ratio']:6.2f} x  {figures}")
    print(json.dumps({"bytes": {spec.id: spec.path.stat().st_size, **sizes}}))
    if args.json:
        args.json.write_text(
            json.dumps({"photos": len(val), "rows": rows, "bytes": sizes}, indent=1)
        )


if __name__ == "__main__":
    main()
