"""A local stand-in of the hub: a folder served as a repository, by its commit."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "c" * 40
REPOSITORY = "somebody/fashion-pair"


class Hub(ThreadingHTTPServer):
    """Serves the files of `folder`; `asked` collects the paths."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        about = [f"/api/models/{REPOSITORY}", f"/api/models/{REPOSITORY}/revision/"]
        files = f"/{REPOSITORY}/resolve/{COMMIT}/"
        if path == about[0] or path in (f"{about[1]}main", f"{about[1]}v1"):
            self._send(json.dumps(self._info()).encode(), {}, with_body)
        elif path.startswith(files) and (file := self.server.folder / path[len(files) :]).is_file():
            data = file.read_bytes()
            tag = hashlib.sha256(data).hexdigest()
            self._send(data, {"X-Repo-Commit": COMMIT, "ETag": f'"{tag}"'}, with_body)
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _info(self) -> dict[str, object]:
        folder = self.server.folder
        names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
        names += ["pytorch_model.bin", "model.safetensors"]  # there, and never to be asked for
        told = {"id": REPOSITORY, "modelId": REPOSITORY, "sha": COMMIT, "private": False}
        return told | {"tags": [], "siblings": [{"rfilename": name} for name in names]}

    def _send(self, data: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(data)


@contextmanager
def serving(folder: Path) -> Iterator[Hub]:
    hub = Hub(folder)
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        thread.join()
        hub.server_close()
