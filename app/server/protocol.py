"""Uvicorn's HTTP/1.1 protocol, with limits of size and time, and with errors as problems.

It rejects what never reaches the application: requests that are not HTTP, too long or too slow. It
also limits the number of connections, and closes those of clients that do not read.
"""

import asyncio
import socket
import struct
import sys
from http import HTTPStatus
from types import SimpleNamespace

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api.headers import MAX_URL_LENGTH, uri_too_long
from app.errors import ProblemError, service_unavailable
from app.server.access_log import log_rejected_request
from app.server.sending import problem_as_whole
from app.settings import Settings

MAX_HEAD_LENGTH = 32_768
"""Bytes of a URL, and of all headers together. Uvicorn itself stores any number of them."""
HEADER_TIMEOUT = 10
"""Seconds in which the headers of a request must arrive. Uvicorn itself waits for ever."""
MIN_SEND_RATE = 1_024
"""Bytes of a response that a client must take in a second. A modem takes four times as many."""

NOT_HTTP = (
    "The request is not HTTP. If its URL has characters that are not ASCII, percent-encode them "
    "(with curl: --get --data-urlencode)."
)
NOT_ONE_HOST = (
    "The HTTP version or the Host header is wrong. Send HTTP/1.1 with one Host header, or HTTP/1.0 "
    "with at most one."
)


class Protocol(HttpToolsProtocol):
    """One connection: uvicorn's protocol with limits, and with problems (RFC 9457) as errors."""

    url = b""
    header_bytes = 0
    """Bytes received since the last complete head, without bodies."""
    timer: asyncio.TimerHandle | None = None
    """Closes the connection. None while a request is complete and its response is not."""
    send_timer: asyncio.TimerHandle | None = None
    """Ends the connection of a client that does not read. None while it reads."""
    closing = False
    """Whether no further request is read. What the client still sends is discarded."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request. Uvicorn's timeout begins only after a response."""
        super().connection_made(transport)
        if self.server and self.server[1] is None:  # the path of a Unix socket
            self.server = ("localhost", 80)  # for links in responses to HTTP/1.0 without a Host
        settings: Settings = self.app_state["settings"]
        self.send_timeout = settings.send_timeout
        # The transport of responses, so that `close` decides how the connection ends.
        self.response_transport = SimpleNamespace(
            write=transport.write, is_closing=transport.is_closing, close=self.close
        )
        if len(self.connections) > settings.max_connections and not self.close_idle_connection():
            self.reject(service_unavailable("Too many clients are connected. Try again shortly."))
        else:
            self.start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers, which would keep the connection in memory."""
        self.stop_timer()
        self.stop_send_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what the client sends, up to the limits."""
        if self.closing:
            return
        self.header_bytes += len(data)
        super().data_received(data)
        # The parser calls the methods below, so the connection may be closing now.
        if self.closing:
            return
        if self.header_bytes > MAX_HEAD_LENGTH:
            self.reject(self.too_large())
        elif not self.timer and (self.is_reading_headers() or self.cycle.response_complete):
            # Input stops uvicorn's own timer. This one is not restarted by further input, so it
            # also ends a client that sends byte by byte.
            self.start_timer()

    def on_headers_complete(self) -> None:
        """Validate the head of a request, and pass the request to the application."""
        version = self.parser.get_http_version()
        hosts = 0
        for name, _ in self.headers:
            hosts += name == b"host"
        # https://www.rfc-editor.org/rfc/rfc9112#section-3.2: without a Host or with two, 400.
        if version not in ("1.0", "1.1") or not (version == "1.1") <= hosts <= 1:
            raise ProblemError(HTTPStatus.BAD_REQUEST, NOT_ONE_HOST)
        # The limit for a head that arrives at once. httptools truncates a URL at 65,536 bytes.
        if self.header_bytes > MAX_HEAD_LENGTH:  # includes further requests that arrived with it
            headers_length = sum(len(name) + len(value) for name, value in self.headers)
            if max(len(self.url), headers_length) > MAX_HEAD_LENGTH:
                raise self.too_large()
        super().on_headers_complete()
        self.cycle.transport = self.response_transport  # type: ignore[assignment]
        # The parser reads nothing after an `Upgrade`, which is ignored. So the client must know
        # that further requests on this connection get no response.
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False
        self.stop_timer()
        self.header_bytes = 0

    def on_body(self, body: bytes) -> None:
        """Exclude bodies from the limit: no endpoint reads them. Trailers count."""
        super().on_body(body)
        self.header_bytes = 0

    def is_reading_headers(self) -> bool:
        """Return whether the head of a request has begun and is not complete.

        Uvicorn creates a scope at the first byte, and the cycle of this scope after the head.
        """
        return self.scope is not getattr(self.cycle, "scope", None)

    def start_timer(self) -> None:
        """Close the connection after HEADER_TIMEOUT, unless the head of a request is complete."""
        self.stop_timer()
        self.timer = self.loop.call_later(HEADER_TIMEOUT, self.on_timeout)

    def stop_timer(self) -> None:
        """Stop the timer: HEADER_TIMEOUT does not apply to responses."""
        if self.timer:
            self.timer.cancel()
        self.timer = None

    def on_timeout(self) -> None:
        """Close the connection. Send a 408 if a request has begun.

        https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9
        """
        if self.is_reading_headers() and not self.closing:
            detail = f"The request is not complete after {HEADER_TIMEOUT} seconds. Send it again."
            self.reject(ProblemError(HTTPStatus.REQUEST_TIMEOUT, detail))
        else:
            self.close_transport()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has no further request."""
        self.close_transport()

    def pause_writing(self) -> None:
        """Wait for the client to read. The transport calls this when its buffer is full."""
        super().pause_writing()
        self.start_send_timer()

    def resume_writing(self) -> None:
        """Stop the timer. The transport calls this when its buffer is almost empty."""
        super().resume_writing()
        self.stop_send_timer()

    def start_send_timer(self) -> None:
        """Start the time in which the client must take enough of the response."""
        self.stop_send_timer()
        unsent = self.transport.get_write_buffer_size()
        self.send_timer = self.loop.call_later(self.send_timeout, self.on_send_timeout, unsent)

    def stop_send_timer(self) -> None:
        """Stop the timer of a client that reads."""
        if self.send_timer:
            self.send_timer.cancel()
        self.send_timer = None

    def on_send_timeout(self, unsent_before: int) -> None:
        """Close the connection at once if the client reads too slowly, or not at all."""
        sent = unsent_before - self.transport.get_write_buffer_size()
        if sent < min(unsent_before, self.send_timeout * MIN_SEND_RATE):
            # A reset frees what the kernel keeps for this client. It also shows an HTTP/1.0 client,
            # for which the end of the connection is the end of the body, that something is missing.
            connection: socket.socket = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.start_send_timer()

    def close_transport(self) -> None:
        """Close the connection when the client has taken the rest, or after the send timeout."""
        if not self.transport.is_closing():
            self.transport.close()
            self.start_send_timer()

    def close_idle_connection(self) -> bool:
        """Close another connection that has no request. Return whether there was one."""
        for connection in self.connections:
            if connection is not self and isinstance(connection, Protocol) and connection.is_idle():
                connection.close_transport()
                return True
        return False

    def is_idle(self) -> bool:
        """Return whether no request is in progress."""
        # Before the first request there is no cycle.
        is_complete = getattr(self.cycle, "response_complete", True)
        return is_complete and not self.transport.is_closing()

    def close(self) -> None:
        """Close the connection, or only its sending half while the client is still sending.

        Otherwise TCP resets the connection, and the client loses the response.
        https://www.rfc-editor.org/rfc/rfc9112#section-9.6
        """
        if self.closing or self.cycle.more_body:
            self.closing = True
            # Uvicorn would respond to these too, since the transport is not closed.
            self.pipeline.clear()
            self.transport.write_eof()
            self.start_timer()
        else:
            self.close_transport()

    def reject(self, problem: ProblemError) -> None:
        """Respond with a problem and close, unless an earlier request has no response yet.

        Responses are sent in the order of the requests, so a problem would be taken for the
        response to that one. https://www.rfc-editor.org/rfc/rfc9112#section-9.3.2
        """
        self.closing = True
        if self.cycle is not None:
            if self.is_responding():
                self.cycle.keep_alive = False
                return
            self.cycle.disconnected = True  # discards the response to a body that is not HTTP
        response = problem_as_whole(problem)
        status = HTTPStatus(response.status)
        id_ = log_rejected_request(self.client, status)
        head = [f"HTTP/1.1 {status} {status.phrase}".encode()]
        head += [b"%s: %s" % header for header in response.headers]
        head += [b"x-request-id: " + id_.encode(), b"connection: close"]
        self.transport.write(b"\r\n".join([*head, b"", response.body]))
        self.close()

    def is_responding(self) -> bool:
        """Return whether the last request gets a response, whatever follows it."""
        is_complete = not self.cycle.more_body
        has_begun = is_complete or self.cycle.response_started or bool(self.pipeline)
        return has_begun and not self.cycle.response_complete

    def too_large(self) -> ProblemError:
        """Build the 414 or the 431 for the head of a request."""
        if len(self.url) > MAX_URL_LENGTH:
            return uri_too_long()
        detail = (
            f"The headers have more than {MAX_HEAD_LENGTH:,} bytes. Send fewer or shorter ones."
        )
        return ProblemError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail)

    def _unsupported_upgrade_warning(self) -> None:
        """Ignore an `Upgrade`, as RFC 9110 section 7.8 allows. Uvicorn logs a warning for each."""

    def send_400_response(self, msg: str) -> None:
        """Reject a request that httptools cannot parse, or that `on_headers_complete` rejects."""
        error = sys.exception()
        # httptools raises an error of its own for one of a callback, which is its context.
        problem = error.__context__ if error else None
        if not isinstance(problem, ProblemError):
            problem = ProblemError(HTTPStatus.BAD_REQUEST, NOT_HTTP)
        self.reject(problem)
