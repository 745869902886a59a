"""The process that watches over the workers: uvicorn's, with an eye for sudden deaths."""

from __future__ import annotations

from uvicorn.supervisors import Multiprocess


class Workers(Multiprocess):
    """Replaces a worker that died at once, also one that died while it was asked for its health.

    uvicorn keeps the worker's end of the pipe open in its own process as well, so the answer of a
    worker killed meanwhile is waited for until the time is out.
    """

    def keep_subprocess_alive(self) -> None:
        """Replaces what died."""
        for process in self.processes:
            process.child_conn.close()  # the worker has its own; a second time does nothing
        super().keep_subprocess_alive()
