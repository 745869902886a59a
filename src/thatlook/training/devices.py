"""On what a training runs: the processor, or a graphics card that PyTorch can use."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

import torch
from torch import Tensor

from thatlook.core.errors import SettingsError

AUTO: Final = "auto"


def device_of(name: str) -> torch.device:
    """The device of one of cpu, cuda, mps, or AUTO: cuda where it is there, else cpu.

    Raises SettingsError where PyTorch cannot use it here.
    """
    if name == AUTO:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(name):
        can = ", ".join(one for one, is_there in there.items() if is_there)
        raise SettingsError(
            f"--device {name}: PyTorch {torch.__version__} cannot use it here; it can use {can}. "
            "A PyTorch for a graphics card is another build: https://pytorch.org/get-started"
        )
    return torch.device(name)


def moved(batch: Any, device: torch.device) -> Any:
    """A batch, tensors in tuples and dataclasses, on the device."""
    if isinstance(batch, Tensor):
        return batch.to(device)
    if isinstance(batch, (tuple, list)):
        return type(batch)(moved(one, device) for one in batch)
    if is_dataclass(batch) and not isinstance(batch, type):
        there = {one.name: moved(getattr(batch, one.name), device) for one in fields(batch)}
        return replace(batch, **there)
    return batch
