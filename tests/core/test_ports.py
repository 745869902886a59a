"""Whether a port can be listened at."""

from __future__ import annotations

import socket

from thatlook.core.ports import why_not_free


def test_a_port_is_free_until_somebody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert "in use" in (why_not_free("127.0.0.1", port) or "").lower()
    assert why_not_free("127.0.0.1", port) is None
    assert why_not_free("127.0.0.1", 0) is None


def test_an_address_of_another_machine_is_told():
    assert why_not_free("192.0.2.1", 0)  # of no machine: RFC 5737
    assert why_not_free("no.such.host.invalid", 0)
