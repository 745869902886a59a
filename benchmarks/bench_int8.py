"""Whether the networks should compute in int8: time and answers beside those of float32.

Each network is quantised by ONNX Runtime (QDQ, weights per output channel, activations by their
range in some of `--photos`) and asked for the others in turn with the network
as it ships. It pays at most where the processor has VNNI; which features it has is printed.
Needs the extra `train` (onnx).

    python benchmarks/bench_int8.py [--photos DIR] [--count 40] [--threads 1]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from thatlook.cli.demo import sample
from thatlook.core.settings import Settings
from thatlook.vision.analyzer import Analyzer
from thatlook.vision.models.graphs import processor
from thatlook.vision.models.registry import IMAGE_TASKS, resolve
from thatlook.vision.models.session import Session
from thatlook.vision.stages.article import ArticleStage
from thatlook.vision.stages.embedding import EmbeddingStage
from thatlook.vision.stages.person import PersonRules, PersonStage

OPERATORS = ("Conv", "Add", "Mul", "HardSigmoid", "Clip", "Concat", "Resize", "Sigmoid")
DIM = resolve("embedding", "").dim_of("embedding")
CALIBRATION = 20
"""Inputs that the ranges are taken from: ONNX Runtime keeps every activation of each in memory."""
FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8")

Inputs = Mapping[str, np.ndarray]


class Recording(Session):
    """A network that keeps what it was asked."""

    def run(self, inputs: Inputs) -> dict[str, Any]:
        """The answer; the inputs are kept in `asked`."""
        self.__dict__.setdefault("asked", []).append(dict(inputs))
        return super().run(inputs)


class Calibration(CalibrationDataReader):
    """Inputs, one after the other, as ONNX Runtime wants them."""

    def __init__(self, inputs: list[Inputs]) -> None:
        self._left: Iterator[Inputs] = iter(inputs)

    def get_next(self) -> Inputs | None:
        """The next inputs, None after the last."""
        return next(self._left, None)


def asked(photos: list[Path]) -> dict[str, list[Inputs]]:
    """What each network is asked about the photos, by task."""
    settings = Settings.load(threads=0)
    article, person, embedding = (Recording(resolve(task, ""), 0) for task in IMAGE_TASKS)
    analyzer = Analyzer(
        ArticleStage.of(article, settings),
        PersonStage(person, PersonRules.of(settings)),
        EmbeddingStage(embedding),
        settings,
    )
    for photo in photos:
        analyzer.parse(photo)
    return {one.spec.task: one.__dict__["asked"] for one in (article, person, embedding)}


def opened(file: Path, threads: int, basic: Path | None = None) -> onnxruntime.InferenceSession:
    """A network; with `basic` its graph with constants folded is written there."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    for name, value in Session.CONFIG.items():
        options.add_session_config_entry(name, value)
    if basic is not None:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(basic)
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def quantised(weights: Path, folder: Path, inputs: list[Inputs]) -> Path:
    """The network in int8, calibrated by inputs."""
    folded, made = folder / "folded.onnx", folder / "int8.onnx"
    opened(weights, 1, folded)
    quantize_static(
        onnx.load(str(folded)),
        str(made),
        Calibration(inputs),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=list(OPERATORS),
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    return made


def compared(weights: Path, made: Path, inputs: list[Inputs], threads: int) -> str:
    """The ratio of processor time, and how the outputs of both go together."""
    sessions = [opened(weights, threads), opened(made, threads)]
    names = [one.name for one in sessions[0].get_outputs()]
    ratios, outputs = [], defaultdict(list)
    for one in inputs:
        spent, answers = [], []
        for session in sessions:
            start = time.process_time()
            answers.append(session.run(names, dict(one)))
            spent.append(time.process_time() - start)
        ratios.append(spent[0] / spent[1])
        for name, before, after in zip(names, *answers, strict=True):
            outputs[name].append((before.ravel(), after.ravel()))
    told = [f"{name} {correlation(pairs):.4f}" for name, pairs in outputs.items()]
    if "embedding" in outputs:
        told.append(f"{same_neighbours(outputs['embedding']):.3f} of the ten nearest the same")
    return f"{statistics.median(ratios):.2f} times as fast; correlation of {', '.join(told)}"


def correlation(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Pearson's, of all numbers of an output."""
    before, after = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return float(np.corrcoef(before, after)[0, 1])


def same_neighbours(pairs: list[tuple[np.ndarray, np.ndarray]], k: int = 10) -> float:
    """Of the k nearest float32 vectors of each query, the share that its int8 vector finds too."""
    vectors, queries = (
        np.concatenate([one.reshape(-1, DIM) for one in side]) for side in zip(*pairs, strict=True)
    )
    found = [np.argsort(-(one @ vectors.T), axis=1)[:, :k] for one in (vectors, queries)]
    return float(np.mean([len({*a} & {*b}) / k for a, b in zip(*found, strict=True)]))


def main() -> None:
    """Prints a line per network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, help="a folder of JPEGs; default: the sample's")
    parser.add_argument("--count", type=int, default=40, help="so many of them, evenly spread")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    photos = sorted((args.photos or sample() / "images" / "looks").glob("*.jpg"))
    photos = photos[:: max(1, len(photos) // args.count)][: args.count]
    print(f"{len(photos)} photos;", *(one for one in FEATURES if f" {one} " in f"{processor()} "))
    for task, inputs in asked(photos).items():
        with tempfile.TemporaryDirectory() as folder:
            weights = resolve(task, "").path
            made = quantised(weights, Path(folder), inputs[:CALIBRATION])
            print(f"{task}: {compared(weights, made, inputs[CALIBRATION:], args.threads)}")


if __name__ == "__main__":
    main()
