"""The notebooks of examples/ run from top to bottom on the sample, and are kept without outputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path):
    """They would show whoever ran it last, and every run would be a change."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def ran(request):
    """A notebook after it ran: any error in a cell is an error here."""
    nbclient = pytest.importorskip("nbclient", reason="needs the extra dev")
    nbformat = pytest.importorskip("nbformat", reason="needs the extra dev")
    pytest.importorskip("ipykernel", reason="needs the extra dev")
    notebook = nbformat.read(request.param, as_version=4)
    return request.param.stem, nbclient.NotebookClient(notebook, timeout=300).execute()


def shown(notebook, kind: str) -> list[str]:
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    return [out["data"][kind] for out in outputs if kind in out.get("data", {})]


def test_a_notebook_runs_and_shows_tables_and_pictures(ran):
    name, notebook = ran
    tables, pictures = shown(notebook, "text/html"), shown(notebook, "image/png")
    least = {"one-photo": (4, 2), "evaluation": (4, 1)}[name]
    assert (len(tables), len(pictures)) >= least
    if name == "one-photo":
        drawn = [table for table in tables if "class='thatlook'" in table]
        assert len(drawn) == 3  # the look, the result, the cheaper ones
        assert "<image href='data:image/webp" in drawn[1]
    told = [out.text for cell in notebook.cells for out in cell.get("outputs", ()) if "text" in out]
    assert not [text for text in told if "Warning" in text]
