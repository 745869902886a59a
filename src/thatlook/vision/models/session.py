"""Runs a network: the one importer of onnxruntime."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import ModelError
from thatlook.vision.models import graphs
from thatlook.vision.models.registry import ModelSpec

if TYPE_CHECKING:
    import onnxruntime

Floats = NDArray[np.float32]
_log = logging.getLogger(__name__)


class Runs(Protocol):
    """What a stage needs of a network; tests give a fake one."""

    @property
    def spec(self) -> ModelSpec:
        """The network's registry entry."""
        ...

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Floats]:
        """The outputs by name for the inputs by name."""
        ...


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a network's graph: its shape, None where a length is free, and its
    type in ONNX Runtime's words, such as "tensor(float)".
    """

    shape: tuple[int | None, ...]
    type: str


def cores_of(threads: int) -> str:
    """A core for each of a network's threads but the first, in ONNX Runtime's words; "" for none.

    Only where the threads are as many as the cores, all of which are this process's. Then two of
    them woken on one core would wait for each other: a photo took half as long again. With
    fewer threads the system finds a free core; for 0 ONNX Runtime does the same by itself.
    """
    count = os.cpu_count() or 1
    if not hasattr(os, "sched_getaffinity") or threads < 2 or threads != count:
        return ""
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) != count:
        return ""
    return ";".join(str(core + 1) for core in mine[1:])  # ONNX Runtime counts cores from 1


class Session:
    """A network on the CPU through ONNX Runtime, opened and verified at its first use.

    One session may be used from several threads at a time.
    """

    # Threads that spin while they wait for each other take the cores from whatever else has work:
    # benchmarks/bench_spinning.py.
    CONFIG: ClassVar[Mapping[str, str]] = {"session.intra_op.allow_spinning": "0"}

    def __init__(self, spec: ModelSpec, threads: int = 0) -> None:
        self._spec = spec
        self._threads = threads

    @property
    def spec(self) -> ModelSpec:
        """The network's registry entry."""
        return self._spec

    @cached_property
    def _opened(self) -> onnxruntime.InferenceSession:
        weights = self._spec.read()
        try:
            opened = self._open(weights)
        except Exception as error:  # onnxruntime's own errors share no narrower base
            raise ModelError(
                f"{self._spec.path}: not a network ONNX Runtime can open: {error}"
            ) from error
        self._check(opened)
        return opened

    def _open(self, weights: bytes) -> onnxruntime.InferenceSession:
        """The network from its optimised graph, which is kept for the next time if it is new."""
        import onnxruntime

        file = graphs.file_of(self._spec.sha256, onnxruntime.__version__)
        if file is not None and (graph := graphs.kept(file)) is not None:
            options = self._options()
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            return _session(graph, options)
        if file is not None:
            try:
                return self._opened_and_kept(weights, file)
            except Exception:  # noqa: BLE001 - a full disk in onnxruntime's words, or raised below
                _log.info("%s: the optimised network cannot be written", file, exc_info=True)
        return _session(weights, self._options())

    def _opened_and_kept(self, weights: bytes, file: Path) -> onnxruntime.InferenceSession:
        with tempfile.TemporaryDirectory() as folder:
            new = Path(folder) / "graph.onnx"
            options = self._options()
            options.optimized_model_filepath = str(new)
            opened = _session(weights, options)
            if new.exists():
                graphs.keep(file, new.read_bytes())
        return opened

    def _options(self) -> onnxruntime.SessionOptions:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        for name, value in self.CONFIG.items():
            options.add_session_config_entry(name, value)
        if pinned := cores_of(self._threads):
            options.add_session_config_entry("session.intra_op_thread_affinities", pinned)
        return options

    def _check(self, opened: onnxruntime.InferenceSession) -> None:
        names = {output.name for output in opened.get_outputs()}
        missing = sorted(set(self._spec.outputs) - names)
        if missing:
            raise ModelError(
                f"{self._spec.path}: promised outputs {missing} are missing; it has {sorted(names)}"
            )

    def inputs(self) -> dict[str, Port]:
        """What the graph takes, by name. Raises ModelError."""
        return {one.name: _port(one) for one in self._opened.get_inputs()}

    def outputs(self) -> dict[str, Port]:
        """What the graph gives, by name. Raises ModelError."""
        return {one.name: _port(one) for one in self._opened.get_outputs()}

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Floats]:
        """The outputs by name, float32, for the inputs by name. Raises ModelError."""
        opened = self._opened
        names = list(self._spec.outputs)
        try:
            values: list[Any] = opened.run(names, dict(inputs))
        except Exception as error:  # as above
            shapes = {name: value.shape for name, value in inputs.items()}
            raise ModelError(f"{self._spec.id} failed on inputs {shapes}: {error}") from error
        return dict(zip(names, values, strict=True))

    def warm(self) -> None:
        """Opens the network now rather than at its first use."""
        _ = self._opened


def _port(node: Any) -> Port:
    lengths = tuple(length if isinstance(length, int) else None for length in node.shape)
    return Port(lengths, str(node.type))


def _session(graph: bytes, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    import onnxruntime

    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def output_of_shape(
    spec: ModelSpec, output: Mapping[str, NDArray[Any]], name: str, shape: tuple[int | None, ...]
) -> NDArray[Any]:
    """The output `name` of this shape, None being any length.

    Raises ModelError where the network gives another shape than its entry leads to expect.
    """
    found = output[name]
    fits = found.ndim == len(shape) and all(
        wanted in (None, length) for wanted, length in zip(shape, found.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        raise ModelError(
            f"{spec.id}: output {name} should be ({wanted}), it is {found.shape}; the entry's "
            f"labels, dim and input must be this network's"
        )
    return found


def to_batch(canvases: list[NDArray[np.uint8]], spec: ModelSpec) -> Floats:
    """RGB canvases of one size as the network's input, float32 (n, 3, height, width)."""
    height, width = canvases[0].shape[:2]
    mean, std = (np.asarray(v, np.float32).reshape(3, 1, 1) for v in (spec.mean, spec.std))
    batch = np.empty((len(canvases), 3, height, width), np.float32)
    for index, canvas in enumerate(canvases):
        # Into place at once: a transposed copy between would cost as much as all the rest.
        np.multiply(canvas.transpose(2, 0, 1), 1 / (255 * std), out=batch[index])
    batch -= mean / std
    return batch
