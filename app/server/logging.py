"""The configuration of the log."""

import json
import logging
import re
from asyncio import CancelledError
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.server.access_log import logger, request_id

# What moves the cursor or turns the direction of a terminal, or ends a line for some readers.
_CONTROLS = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class PlainFormatter(logging.Formatter):
    """Writes lines for people; what stands in more than one is indented, as a traceback is."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record so that a terminal shows it as it is."""
        told = (_timestamp(record), record.levelname, record.name, request_id.get() or "-")
        lines = [" ".join((*told, record.getMessage().removesuffix("\n")))]
        if record.exc_info:
            lines.append(self.formatException(record.exc_info))
        text = _CONTROLS.sub(lambda found: repr(found[0])[1:-1], "\n".join(lines))
        return text.replace("\n", "\n    ")


class JsonFormatter(logging.Formatter):
    """Writes each record as a JSON object in a line, in ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record; of an answer, each field by its name instead of a message."""
        told: dict[str, Any] = {
            "time": _timestamp(record),
            "level": record.levelname,
            "logger": record.name,
        }
        if id_ := request_id.get():
            told["request_id"] = id_
        if record.name == logger.name and isinstance(record.args, Mapping):
            told |= record.args
        else:
            told["message"] = record.getMessage().removesuffix("\n")
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told).replace("\x7f", r"\u007f")


class DropCancelledTracebacks(logging.Filter):
    """Leaves out the traceback of what was cancelled, as requests are when time is up at the end.

    The line of the answer says that it is aborted, and the server how many are.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is logged."""
        return not (record.exc_info and isinstance(record.exc_info[1], CancelledError))


def _timestamp(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def logging_config(*, plain: bool, access_log: bool) -> dict[str, Any]:
    """Configure the log of a server, its own lines and ours alike, on standard error.

    It is plain text or JSON; without `access_log`, answers are not in it.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": PlainFormatter if plain else JsonFormatter}},
        "filters": {"cancelled": {"()": DropCancelledTracebacks}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["cancelled"],
            }
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "uvicorn": {"level": "INFO"},
            logger.name: {"level": "INFO" if access_log else "WARNING"},
        },
    }
