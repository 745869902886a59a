"""A PostgreSQL server of the tests' own, in a temporary folder on a free port of this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from tests.service.live import free_port

USER = "shop"
PASSWORD = "a s3cret/of@tests"


def programs() -> Path | None:
    """The folder of the server's programs, which Debian keeps off the path; None for none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    named = shutil.which("postgres")
    return found[-1].parent if found else Path(named).resolve().parent if named else None


def why_missing() -> str:
    """Why no server can be started here; "" where one can."""
    if programs() is None:
        return "needs PostgreSQL's server (apt-get install postgresql)"
    if os.getuid() == 0 and _other_user() is None:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


def _other_user() -> str | None:
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return None


class Server:
    """Started, killed and started again; `close` removes everything."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="thatlook-postgres-"))
        self.port = free_port()
        self._schemas = 0
        self._as = {}
        if os.getuid() == 0:
            self._as = {"user": _other_user(), "group": "postgres", "extra_groups": []}
            shutil.chown(self.folder, _other_user(), "postgres")
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if self._as:
            shutil.chown(password, _other_user())
        self._run(
            *("initdb", "-D", self.data, "-U", USER, f"--pwfile={password}"),
            *("-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    password = PASSWORD

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def url(self, schema: str, *, password: str = PASSWORD) -> str:
        """The address of a catalog of its own."""
        user = f"{USER}:{quote(password, safe='')}" if password else USER
        return f"postgresql://{user}@127.0.0.1:{self.port}/postgres?schema={schema}"

    def new_url(self, *, password: str = PASSWORD) -> str:
        """The address of a catalog that is nowhere else."""
        self._schemas += 1
        return self.url(f"shop_{self._schemas}", password=password)

    def start(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "shared_buffers": "32MB",
        }
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [
                str(programs() / "postgres"),
                *("-D", self.data, "-p", str(self.port)),
                *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
            ],
            stdout=log,
            stderr=log,
            cwd=self.folder,
            start_new_session=True,
            **self._as,
        )
        log.close()
        self._wait_ready()

    def _wait_ready(self) -> None:
        until = time.monotonic() + 60
        while self._status("pg_isready", "-h", "127.0.0.1", "-p", str(self.port)):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        """Ends it as an operator would."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """kill -9 of the server and all its processes at once."""
        group = self._process.pid
        os.killpg(group, signal.SIGKILL)
        self._process.wait()
        while _alive(group):
            time.sleep(0.01)

    def close(self) -> None:
        self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def _end(self, how: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait()

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            [str(programs() / command[0]), *command[1:]],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            **self._as,
        )
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def _status(self, *command: str) -> int:
        words: Sequence[str] = [str(programs() / command[0]), *command[1:]]
        return subprocess.run(words, capture_output=True, check=False).returncode


def _alive(group: int) -> bool:
    """Whether a process of the group is there still."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
