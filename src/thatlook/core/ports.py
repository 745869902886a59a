"""Whether a service can listen at a port of this machine."""

from __future__ import annotations

import os
import socket


def why_not_free(host: str, port: int) -> str | None:
    """Why nothing can listen there (taken, not allowed, no address of this machine), in the
    system's words; None where it can.
    """
    try:
        kind, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # as uvicorn does; on Windows it would mean something else
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    return None
