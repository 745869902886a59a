"""Fetches the photos that `labels/foreign.jsonl` describes: for evaluation, never for training.

They are those of the public repository VikramShenoy97/Human-Segmentation-Dataset. It states no
licence; by its README most photos come from Google Image Search, some from the set GRAZ 01: they
belong to whoever took them. Look at them on your own machine and pass them on to nobody.

    python scripts/fetch_foreign.py FOLDER
    thatlook evaluate article --data FOLDER/Training_Images --eye-file labels/foreign.jsonl
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ORIGIN = "https://github.com/VikramShenoy97/Human-Segmentation-Dataset"
COMMIT = "fe4efc56003005a58b7d2449aa563a20e3861e24"
"""The state whose photos were read."""


def fetch(folder: Path) -> None:
    """The files of that commit alone, without its history, in a folder that is new or empty."""
    steps = (
        ("init", "--quiet"),
        ("fetch", "--quiet", "--depth", "1", ORIGIN, COMMIT),
        ("checkout", "--quiet", "--detach", "FETCH_HEAD"),
    )
    folder.mkdir(parents=True, exist_ok=True)
    for step in steps:
        subprocess.run(["git", "-C", str(folder), *step], check=True)


def main() -> int:
    """Say what the photos are and fetch them; 1 where git fails, 2 where the folder holds files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="a new or empty folder")
    folder = parser.parse_args().folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        parser.error(f"{folder} is not an empty folder")
    sys.stdout.write(
        f"{ORIGIN}, commit {COMMIT[:7]}: no licence stated, photos from Google Image Search and "
        "GRAZ 01; for evaluation only\n"
    )
    try:
        fetch(folder)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"git failed: {error}\n")
        return 1
    sys.stdout.write(f"photos in {folder / 'Training_Images'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
