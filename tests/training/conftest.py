from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs thatlook[train]")
pytest.importorskip("cv2", reason="needs thatlook[train]")
pytest.importorskip("pytorch_metric_learning", reason="needs thatlook[train]")


@pytest.fixture(autouse=True)
def two_threads():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
