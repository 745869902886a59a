"""Asks whether what users install has known vulnerabilities; says so where it cannot ask.

    python scripts/audit.py TOOLS_ENVIRONMENT

Looked at are the versions installed here of thatlook's dependencies and theirs, with the extras
that serve users (EXTRAS). `pip-audit` is installed into TOOLS_ENVIRONMENT where it is not there.
Exit status 1 for a vulnerability, 0 where there is none, or where PyPI's list of vulnerabilities
cannot be reached, as offline or behind a mirror: then a line says that nothing was asked.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
import venv
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "scripts" / "audit-requirements.txt"
ASKED_FIRST = "urllib3"
INDEX = "https://pypi.org/pypi/{}/{}/json"
EXTRAS = ("serve", "crawl", "parquet", "clip", "cluster", "eval")
TIMEOUT_S = 10


def reachable() -> bool:
    """Whether the index tells the vulnerabilities of a package; a mirror may not have them."""
    address = INDEX.format(ASKED_FIRST, metadata.version(ASKED_FIRST))
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:
            return "vulnerabilities" in json.load(answer)
    except (OSError, ValueError):
        return False


def needed(name: str, extras: tuple[str, ...]) -> dict[str, str]:
    """Package -> version installed, of all that `name` with these extras needs."""
    found: dict[str, str] = {}
    waiting = [(name, extras)]
    seen = set()
    while waiting:
        current, wanted = waiting.pop()
        if (current, wanted) in seen:
            continue
        seen.add((current, wanted))
        if current != name:
            found[current] = metadata.version(current)
        for text in metadata.requires(current) or []:
            one = Requirement(text)
            groups = [{"extra": extra} for extra in ("", *wanted)]
            if one.marker is None or any(one.marker.evaluate(group) for group in groups):
                waiting.append((one.name.lower(), tuple(sorted(one.extras))))
    return found


def tool(environment: Path) -> Path | None:
    """The program `pip-audit` in the environment, made where it is not there; None if it cannot."""
    folder = environment / ("Scripts" if sys.platform == "win32" else "bin")
    if not (folder / "pip-audit").exists():
        venv.create(environment, with_pip=True)
        pip = [str(folder / "python"), "-m", "pip", "install", "--quiet", "-r", str(TOOLS)]
        if subprocess.run(pip, check=False).returncode:
            return None
    return folder / "pip-audit"


def main() -> int:
    """Audits."""
    if not reachable():
        print("audit: SKIPPED, the list of vulnerabilities cannot be reached; nothing was asked")
        return 0
    program = tool(Path(sys.argv[1]))
    if program is None:
        print("audit: SKIPPED, pip-audit cannot be installed; nothing was asked")
        return 0
    packages = needed("thatlook", EXTRAS)
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        lines = [f"{name}=={version}\n" for name, version in sorted(packages.items())]
        listed.write_text("".join(lines), encoding="utf-8")
        command = [str(program), "--no-deps", "--disable-pip", "--progress-spinner", "off"]
        done = subprocess.run([*command, "-r", str(listed)], check=False)
    print(f"audit: {len(packages)} packages asked about")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
