"""A pair's files from the Hugging Face hub: the one importer of huggingface_hub.

Nothing is asked for before somebody adds a pair by its id. `HF_ENDPOINT` names another server.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from thatlook.core.errors import FetchError, MissingExtraError, ThatlookError
from thatlook.vision.pair.layout import layout_of
from thatlook.vision.pair.text import EXTRA

ID: Final = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class Downloaded:
    """Where the files of a repository lie, and of which commit they are."""

    folder: Path
    repository: str
    revision: str


def is_hub_id(text: str) -> bool:
    """Whether this is an id such as "Marqo/marqo-fashionSigLIP"."""
    return ID.fullmatch(text) is not None


def download(repository: str, folder: Path, revision: str = "", variant: str = "") -> Downloaded:
    """A pair's parts in `folder`, all of the one commit that `revision` (a branch, tag or commit;
    default: main) names now; what is there of it already is not fetched again.

    Raises FetchError, MissingExtraError, and ModelError where the repository holds no pair.
    """
    try:
        from huggingface_hub import HfApi, hf_hub_download
    except ModuleNotFoundError as error:
        raise MissingExtraError("a pair of the hub (huggingface_hub)", EXTRA) from error
    endpoint = os.environ.get("HF_ENDPOINT") or None
    try:
        about = HfApi(endpoint=endpoint).model_info(repository, revision=revision or None)
        names = [one.rfilename for one in about.siblings or ()]
        commit = str(about.sha)
        for name in layout_of(names, repository, variant).files():
            hf_hub_download(repository, name, revision=commit, local_dir=folder, endpoint=endpoint)
    except ThatlookError:
        raise
    except Exception as error:  # the client's errors and its transport's share no narrower base
        raise FetchError(f"{repository}: cannot be fetched from the hub: {error}") from error
    return Downloaded(folder, repository, commit)
