"""Certificates that nobody signed, for servers of tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def made(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for this host, signed by itself, and its key; skips without openssl."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the program openssl to make a certificate")
    words = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -keyout key -out cert"
    names = ["-addext", f"subjectAltName=DNS:{name}", "-addext", "basicConstraints=CA:TRUE"]
    subprocess.run([openssl, *words.split(), *names], cwd=folder, check=True, capture_output=True)
    return folder / "cert", folder / "key"
