"""The OpenAPI description: complete, and true by schemathesis."""

from __future__ import annotations

import json
import re
from contextlib import suppress

import pytest

from tests.service.double import engine_on
from tests.service.live import in_thread
from thatlook.service.app import create_app
from thatlook.service.settings import ServiceSettings

pytest.importorskip("schemathesis", reason="needs the dev dependencies")

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

KEY = "write-key-of-tests-1"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("openapi")
    return create_app(
        ServiceSettings(
            write_keys=f"t:{KEY}",
            rate="9999/second",
            lookup_rate="9999/second",
            write_rate="9999/second",
            feedback=True,
            feedback_rate="9999/second",
        ),
        lambda: engine_on(folder, count=6),
    )


@pytest.fixture(scope="module")
def running(app):
    with in_thread(app) as address:
        yield address


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_answers_are_as_described(running, mode):
    """positive_data_acceptance is left out: random bytes are no photo, and are refused."""
    described = schemathesis.openapi.from_url(f"{running}/openapi.json")
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    tried = 0
    for operation in (found.ok() for found in described.get_all_operations()):

        @settings(
            max_examples=10,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def answers_rightly(case):
            case.call_and_validate(headers={"Authorization": f"Bearer {KEY}"}, checks=checks)

        with suppress(Unsatisfiable):  # nothing of this operation can be wrong
            answers_rightly()
            tried += 1
    assert tried >= 7


def paths(app):
    return app.openapi()["paths"]


def test_every_route_of_the_contract_is_described(app):
    methods = {path: set(found) for path, found in paths(app).items()}
    assert methods["/v1/looks"] == {"post"}
    assert methods["/v1/recommendations"] == {"post"}
    assert methods["/v1/completions"] == {"post"}
    assert methods["/v1/outfits"] == {"post"}
    assert methods["/v1/feedback"] == {"post"}
    assert methods["/v1/products/{product_id}"] == {"get", "put", "delete"}
    assert methods["/v1/products/{product_id}/similar"] == {"get"}
    assert methods["/v1/products/{product_id}/look"] == {"get"}
    assert {"/healthz", "/readyz", "/metrics", "/v1/info"} <= set(methods)


def test_every_error_is_a_problem_and_every_reference_leads_somewhere(app):
    document = app.openapi()
    schemas = document["components"]["schemas"]
    seen = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert seen
    assert seen <= set(schemas)
    errors = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (path, method)
            for status, answer in operation["responses"].items():
                if status >= "400":
                    errors += 1
                    assert list(answer["content"]) == ["application/problem+json"], (path, status)
    assert errors > 20


def test_bodies_have_schemas_and_examples(app):
    for path in ("/v1/looks", "/v1/recommendations", "/v1/completions", "/v1/outfits"):
        content = paths(app)[path]["post"]["requestBody"]["content"]
        assert set(content) == {"multipart/form-data", "application/json"}
        assert content["application/json"]["example"]
    fields = app.openapi()["components"]["schemas"]["RecommendationForm"]["properties"]
    assert {"k", "gender", "categories", "primary", "policy", "liked", "disliked"} <= set(fields)
    assert {"in_color", "box", "box_category", "diversity", "min_price", "brands"} <= set(fields)
    assert fields["age"]["enum"] == ["auto", "adult", "child", "any"]
