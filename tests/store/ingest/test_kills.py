"""An index run that is killed at any moment, and run again, gives the same catalog."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

from tests.store.ingest.fake import DIM, KEY, Factory, picture
from thatlook.store.catalog import Catalog
from thatlook.store.ingest import ingest, pipeline

COUNT = 150


def contents(folder):
    with Catalog.open(folder, KEY, DIM) as catalog:
        facts = ("product", "status", "row_hash", "image", "image_hash", "box", "found")
        return {
            s.product.id: (*(getattr(s, f) for f in facts), s.vector.tobytes())
            for s in catalog.all_stored()
        }


def test_killed_and_run_again(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "STORE_ROWS", 8)
    feed = tmp_path / "feed.csv"
    lines = ["id,title,category,image_link"]
    for n in range(COUNT):
        picture(tmp_path / f"{n}.png", (n, 100, 50))
        lines.append(f"{n},T,dress,{n}.png")
    feed.write_text("\n".join(lines))
    with Catalog.open(tmp_path / "whole", KEY, DIM) as catalog:
        ingest(feed, catalog, Factory(), workers=0)
    expected = contents(tmp_path / "whole")
    assert len(expected) == COUNT

    code = f"""
import time
from tests.store.ingest.fake import DIM, KEY, Factory, FakeDescriber
from thatlook.store.catalog import Catalog
from thatlook.store.ingest import ingest, pipeline
pipeline.STORE_ROWS = pipeline.GROUP_JOBS = 8
described = FakeDescriber.describe
def slowly(self, items):
    print("group", flush=True)
    time.sleep(0.02)
    return described(self, items)
FakeDescriber.describe = slowly
with Catalog.open({str(tmp_path / "killed")!r}, KEY, DIM) as catalog:
    ingest({str(feed)!r}, catalog, Factory(), workers=0)
"""
    rng, sizes = random.Random(7), []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment
        )
        assert process.stdout is not None
        for _ in range(rng.randint(2, 5)):  # groups begun: it gets somewhere on a busy machine too
            process.stdout.readline()
        time.sleep(rng.uniform(0, 0.03))
        process.kill()
        process.stdout.close()
        process.wait()
        found = contents(tmp_path / "killed")
        assert found.items() <= expected.items()
        sizes.append(len(found))
    assert sizes == sorted(sizes)  # each run went on where the last one was killed
    assert 0 < sizes[-1] < COUNT
    with Catalog.open(tmp_path / "killed", KEY, DIM) as catalog:
        report = ingest(feed, catalog, Factory(), workers=0)
    assert report.unchanged == sizes[-1]
    assert contents(tmp_path / "killed") == expected
