"""A feed into a catalog: only what changed is embedded, any interruption can be resumed."""

from __future__ import annotations

from thatlook.store.ingest.describing import Describer, DescriberFactory
from thatlook.store.ingest.pipeline import ingest
from thatlook.store.ingest.report import IngestReport

__all__ = ["Describer", "DescriberFactory", "IngestReport", "ingest"]
