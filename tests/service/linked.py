"""Chains of requests by the links of the OpenAPI document, and what they must never answer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.generation.stateful.state_machine import APIStateMachine
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ensure_resource_availability,
    response_schema_conformance,
    status_code_conformance,
    use_after_free,
)

from tests.service.conftest import photo_bytes
from tests.service.double import engine_on
from tests.service.live import in_thread
from thatlook.service.app import create_app
from thatlook.service.settings import ServiceSettings
from thatlook.store.catalog import Catalog, Row, Stored

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    ensure_resource_availability,
    use_after_free,
]
KEY = "write-key-of-tests-1"
PRODUCT = {"title": "Shirt", "category": "topwear"}
PHOTO = photo_bytes(60, 90)


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """A service on the double with six products: its address, and what brings these back."""
    rates = dict.fromkeys(("rate", "lookup_rate", "write_rate", "feedback_rate"), "9999/second")
    settings = ServiceSettings(write_keys=f"t:{KEY}", feedback=True, **rates)
    app = create_app(settings, lambda: engine_on(folder, count=6))
    with in_thread(app) as address:
        yield address, as_now(app.state.service.engine.catalog)


def run_chains(
    address: str,
    reset: Callable[[], None],
    *,
    examples: int,
    steps: int,
    number: int = 0,
) -> Counter[str]:
    """Sends `examples` chains of at most `steps` requests to a service; how often each request was
    answered with each status. Raises where an answer is not as described, and where a product that
    was put is not there or one that was removed is.

    `reset` brings the service back to how it was before each chain, `number` is the seed. Random
    bytes are no photo: a real one takes their place.
    """
    described = schemathesis.openapi.from_url(f"{address}/openapi.json")
    described.config.generation.update(modes=[GenerationMode.POSITIVE])
    counts: Counter[str] = Counter()

    class Chains(described.as_state_machine()):  # type: ignore[misc] # made at run time
        def setup(self) -> None:
            reset()

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"headers": {"Authorization": f"Bearer {KEY}"}}

        def before_call(self, case: Case) -> None:
            if case.method == "PUT":
                fields = case.body if case.media_type == "application/json" else PRODUCT
                case.media_type = "multipart/form-data"
                case.body = {"product": json.dumps(fields), "image": PHOTO}
            elif isinstance(case.body, dict) and "photo" in case.body:
                case.body["photo"] = PHOTO

        def after_call(self, response: Response, case: Case) -> None:
            super().after_call(response, case)
            counts[f"{case.method} {case.operation.path} {response.status_code}"] += 1

        def validate_response(self, response: Response, case: Case, **_: Any) -> None:
            case.validate_response(response, checks=CHECKS, recorder=self.recorder)

    _run(Chains, examples, steps, number)
    return counts


def as_now(catalog: Catalog) -> Callable[[], None]:
    """What makes a catalog's products those that it has now."""
    rows = [_row(stored) for stored in catalog.all_stored()]
    known = {row.product.id for row in rows}

    def reset() -> None:
        found = {stored.product.id: stored for stored in catalog.all_stored()}
        catalog.remove(found.keys() - known)
        catalog.upsert(rows)

    return reset


def _row(stored: Stored) -> Row:
    return Row(
        product=stored.product,
        vector=stored.vector,
        box=stored.box,
        attributes=stored.attributes,
        article_score=stored.article_score,
        found=stored.found,
        image=stored.image,
    )


def _run(machine: type[APIStateMachine], examples: int, steps: int, number: int) -> None:
    seed(number)(machine.TestCase.runTest)
    machine.run(
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            phases=[Phase.generate],
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
    )
