"""What is said to a client whose request is not HTTP, before the application sees it.

And to one that says too much, or nothing: here stands what a connection may take, in bytes and in
seconds. What else slow clients can do is left to a proxy.
"""

import asyncio
import sys
from http import HTTPStatus
from types import SimpleNamespace

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api.headers import DEFAULT_HEADERS, MAX_URL_LENGTH, uri_too_long
from app.api.problems import problem_response
from app.errors import ProblemError
from app.server.access_log import log_rejected_request

MAX_HEAD_LENGTH = 32_768
"""Bytes of a request before its body."""
HEADER_TIMEOUT = 10
"""Seconds that a connection is given to ask something, from its beginning or the last answer."""

NOT_HTTP = (
    "the request is not HTTP; in a URL, encode what is not plain ASCII (with curl: --get "
    "--data-urlencode)"
)
NOT_ONE_HOST = "a request is HTTP/1.1 and has one Host header, or HTTP/1.0 and has at most one"


class Protocol(HttpToolsProtocol):
    """Uvicorn's, with bounds, and with a problem in the one shape instead of a line of text."""

    url = b""
    header_bytes = 0
    """Bytes received since the last head was complete, without its body."""
    reading_headers = False
    """Whether a head has begun that is not complete."""
    deadline: asyncio.TimerHandle | None = None
    closing = False
    """Whether the last word is said, or about to be: whatever else is received is let go."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        # What answers are written to: it is for us to say how the connection is closed.
        self.response_transport = SimpleNamespace(
            write=transport.write, is_closing=transport.is_closing, close=self.close
        )
        self.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self.stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, as long as what is read is bounded."""
        if self.closing:
            return
        self.header_bytes += len(data)
        super().data_received(data)
        if self.header_bytes > MAX_HEAD_LENGTH and not self.closing:
            self.reject(self.too_large())

    def on_message_begin(self) -> None:
        """Begin to read a request."""
        super().on_message_begin()
        self.reading_headers = True

    def on_headers_complete(self) -> None:
        """Have a request answered, if it is one."""
        version = self.parser.get_http_version()
        hosts = [name for name, _ in self.headers].count(b"host")
        fewest = 0 if version == "1.0" else 1
        if version not in ("1.0", "1.1") or not fewest <= hosts <= 1:
            raise ProblemError(HTTPStatus.BAD_REQUEST, NOT_ONE_HOST)
        if sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD_LENGTH:
            raise self.too_large()
        super().on_headers_complete()
        self.cycle.transport = self.response_transport  # type: ignore[assignment]
        self.stop_waiting()
        self.reading_headers = False
        self.header_bytes = 0

    def on_body(self, body: bytes) -> None:
        """Let a body be as long as it likes: nobody keeps it."""
        super().on_body(body)
        self.header_bytes = 0

    def on_response_complete(self) -> None:
        """Wait for the next request, unless it is here."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self.wait()

    def wait(self) -> None:
        """Give the client time to ask something, or to take its answer."""
        self.stop_waiting()
        self.deadline = self.loop.call_later(HEADER_TIMEOUT, self.on_timeout)

    def stop_waiting(self) -> None:
        """Let the client have what time its answer takes."""
        if self.deadline:
            self.deadline.cancel()

    def on_timeout(self) -> None:
        """Close the connection; with a word to whoever has begun to ask."""
        if self.reading_headers and not self.closing:
            detail = f"the request is not complete after {HEADER_TIMEOUT} seconds"
            self.reject(ProblemError(HTTPStatus.REQUEST_TIMEOUT, detail))
        else:
            self.transport.close()

    def close(self) -> None:
        """Close the connection; but read on where the client is still sending.

        To close then would reset the connection, and take the answer with it.
        https://www.rfc-editor.org/rfc/rfc9112#section-9.6
        """
        if self.closing or self.cycle.more_body:
            self.closing = True
            self.pipeline.clear()
            self.transport.write_eof()
            self.wait()
        else:
            self.transport.close()

    def reject(self, problem: ProblemError) -> None:
        """Answer with a problem, as the last word; unless there is another answer to be given."""
        self.closing = True
        if self.cycle is not None:
            if self.is_answering():
                self.cycle.keep_alive = False
                return
            self.cycle.disconnected = True
        answer = problem_response(problem)
        answer.headers.update(
            {**DEFAULT_HEADERS, "Cache-Control": "no-store", "Connection": "close"}
        )
        answer.headers["X-Request-ID"] = log_rejected_request(self.client, answer.status_code)
        status = HTTPStatus(answer.status_code)
        head = [f"HTTP/1.1 {status} {status.phrase}".encode()]
        head += [b"%s: %s" % header for header in answer.raw_headers]
        self.transport.write(b"\r\n".join([*head, b"", bytes(answer.body)]))
        self.close()

    def is_answering(self) -> bool:
        """Tell whether the last request is to be answered, whatever comes behind it."""
        is_whole = not self.cycle.more_body
        begun = is_whole or self.cycle.response_started or bool(self.pipeline)
        return begun and not self.cycle.response_complete

    def too_large(self) -> ProblemError:
        """Refuse the head of a request for its length."""
        if len(self.url) > MAX_URL_LENGTH:
            return uri_too_long()
        detail = f"the headers have more than {MAX_HEAD_LENGTH:,} bytes; send less of them"
        return ProblemError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail)

    def _unsupported_upgrade_warning(self) -> None:
        """Answer in HTTP/1.1 whoever offers to speak something else, without a word in the log."""

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be parsed, or for what was found while it was."""
        error = sys.exception()
        found = error.__context__ if error else None
        if not isinstance(found, ProblemError):
            is_long = len(self.url) > MAX_URL_LENGTH
            found = uri_too_long() if is_long else ProblemError(HTTPStatus.BAD_REQUEST, NOT_HTTP)
        self.reject(found)
