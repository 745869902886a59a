"""The deployment examples: every file can be read, and what they run and name is there."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from thatlook.cli import thatlook as root
from thatlook.search.index.milvus import MilvusPlace
from thatlook.store.catalog.address import Address

yaml = pytest.importorskip("yaml", reason="needs the extra eval")
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"


def documents(name: str) -> Iterator[dict[str, Any]]:
    yield from yaml.safe_load_all((KUBERNETES / name).read_text())


def manifests() -> list[dict[str, Any]]:
    names = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    assert {path.name for path in KUBERNETES.glob("*.yaml")} == {*names, "kustomization.yaml"}
    return [document for name in names for document in documents(name)]


def pods() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each workload with the pod that it makes."""
    for document in manifests():
        if "template" in document["spec"]:
            yield document, document["spec"]["template"]


def services() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]


def commands() -> Iterator[list[str]]:
    """What our own image is started with."""
    yield from (one["command"] for one in services().values() if "build" in one)
    for _, pod in pods():
        for container in pod["spec"]["containers"]:
            if container["image"].startswith("thatlook"):
                yield [str(word) for word in container["args"]]


def test_our_commands_can_be_read():
    told = list(commands())
    assert len(told) == 5
    for words in told:
        command, at = root, 0
        while hasattr(command, "commands"):
            command, at = command.commands[words[at]], at + 1
        command.make_context(command.name, words[at:]).close()


def test_the_catalog_that_is_named_can_be_read(monkeypatch):
    monkeypatch.setenv("SHOP_STORE_PASSWORD", "secret")
    told = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["configMapGenerator"]
    literal = told[0]["literals"][0].removeprefix("catalog.toml=")
    text = (DEPLOY / "catalog.toml").read_text()
    assert tomllib.loads(literal) == tomllib.loads(text)
    address = Address.of(DEPLOY / "catalog.toml")
    assert (address.folder, address.store_password) == (Path("/catalog"), "secret")
    assert MilvusPlace.of(address.search).host in services()


def test_what_pods_refer_to_is_there():
    kinds = [(one["kind"], one["metadata"]["name"]) for one in manifests()]
    assert len(set(kinds)) == len(kinds)
    made = {"ConfigMap": {"catalog", "milvus"}, "Secret": {"store", "keys"}}
    claims = {name for kind, name in kinds if kind == "PersistentVolumeClaim"}
    for workload, pod in pods():
        labels, wanted = pod["metadata"]["labels"], workload["spec"]["selector"]["matchLabels"]
        assert wanted == labels
        own = [one["metadata"]["name"] for one in workload["spec"].get("volumeClaimTemplates", [])]
        volumes = pod["spec"].get("volumes", [])
        for volume in volumes:
            assert volume.get("configMap", {"name": "catalog"})["name"] in made["ConfigMap"]
            assert volume.get("secret", {"secretName": "keys"})["secretName"] in made["Secret"]
            claim = volume.get("persistentVolumeClaim")
            assert claim is None or claim["claimName"] in claims
        names = {volume["name"] for volume in volumes} | set(own)
        for container in pod["spec"]["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= names


def test_services_of_compose_have_what_they_name():
    told = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    for service in told["services"].values():
        assert set(service.get("depends_on", {})) <= told["services"].keys()
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert source in told["volumes"] or (DEPLOY / source).is_file()
