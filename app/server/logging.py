"""The configuration and the two formats of the log."""

import json
import logging
import re
from asyncio import CancelledError
from functools import lru_cache
from time import gmtime, strftime
from typing import Any

from app.server.access_log import ResponseRecord, logger, request_id
from app.server.log_queue import QueueHandler

# Characters that move the cursor of a terminal, change its direction, or end a line in some
# programs. Otherwise what a client sends could forge a line.
_CONTROLS = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class PlainFormatter(logging.Formatter):
    """Plain text, for a terminal. Further lines of a record, as of a traceback, are indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record, with control characters escaped."""
        prefix = (_timestamp(record), record.levelname, record.name, request_id.get() or "-")
        lines = [" ".join((*prefix, record.getMessage().removesuffix("\n")))]
        if record.exc_info:
            lines.append(self.formatException(record.exc_info))
        text = _CONTROLS.sub(lambda match: repr(match[0])[1:-1], "\n".join(lines))
        return text.replace("\n", "\n    ")


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII, for programs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the JSON of a record. A response has its fields instead of a message."""
        if isinstance(record, ResponseRecord):
            return _response_line(record)
        fields: dict[str, Any] = {
            "time": _timestamp(record),
            "level": record.levelname,
            "logger": record.name,
        }
        if id_ := request_id.get():
            fields["request_id"] = id_
        fields["message"] = record.getMessage().removesuffix("\n")
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        # json.dumps leaves DEL as it is.
        return json.dumps(fields).replace("\x7f", r"\u007f")


def _response_line(record: ResponseRecord) -> str:
    """Format the JSON of a response, which takes a quarter of the time of `json.dumps`."""
    aborted = ', "aborted": true' if record.aborted else ""
    return (
        f'{{"time": "{_timestamp(record)}", "level": "INFO", "logger": "{record.name}", '
        f'"request_id": "{request_id.get()}", "client": {_to_json(record.client)}, '
        f'"method": "{record.method}", "path": {_to_json(record.path)}, '
        f'"status": {record.status}, "duration_ms": {record.seconds * 1e3:.2f}{aborted}}}'
    )


# Clients and paths repeat.
_to_json = lru_cache(1_024)(json.dumps)


class DropCancelledTracebacks(logging.Filter):
    """Drops the tracebacks of requests that a shutdown cancels.

    The line of such a response says `aborted`, and uvicorn logs how many it cancelled.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is logged."""
        return not (record.exc_info and isinstance(record.exc_info[1], CancelledError))


def _timestamp(record: logging.LogRecord) -> str:
    seconds, milliseconds = divmod(int(record.created * 1_000), 1_000)
    return f"{_format_second(seconds)}.{milliseconds:03}+00:00"


@lru_cache(2)  # a busy server writes thousands of lines in a second
def _format_second(seconds: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(seconds))


def logging_config(*, plain: bool, access_log: bool, metrics: bool = False) -> dict[str, Any]:
    """Return the configuration of the log of a server, uvicorn's lines and ours, on stderr.

    The lines are plain text or JSON. Without `access_log`, responses are not logged. Metrics are
    counted from the same records.
    """
    return {
        "version": 1,
        # Our loggers exist already, because modules create them when they are imported.
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": PlainFormatter if plain else JsonFormatter}},
        "filters": {"cancelled": {"()": DropCancelledTracebacks}},
        "handlers": {
            "stderr": {"()": QueueHandler, "formatter": "line"},
            # By name, since its module must not be imported without a directory for metrics.
            **({"metrics": {"()": "app.server.metrics.MetricsHandler"}} if metrics else {}),
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "uvicorn": {"level": "INFO"},
            "uvicorn.error": {"filters": ["cancelled"]},
            logger.name: {
                # The level also saves the work for each response.
                "level": "INFO" if access_log or metrics else "WARNING",
                "handlers": ["metrics"] if metrics else [],
                "propagate": access_log,
            },
        },
    }
