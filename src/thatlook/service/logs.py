"""One JSON object per line on standard error; never a photo, a key, an address's query."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final

from thatlook.service.context import request_id

_BUILT_IN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON, with the request's id and the record's extras."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        shown: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        if request_id():
            shown["request_id"] = request_id()
        shown |= {
            k: v for k, v in vars(record).items() if k not in _BUILT_IN and k != "color_message"
        }
        if record.exc_info:
            shown["trace"] = self.formatException(record.exc_info)
        return json.dumps(shown, default=str)


def configure(level: str) -> None:
    """Sends the service's and uvicorn's records to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("thatlook", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level.upper())
        logger.propagate = False
    # What is wrong with a form is in the answer, and the caller's to know.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
    # The service writes its own line per request; uvicorn's has the address with its query.
    logging.getLogger("uvicorn.access").disabled = True
