"""HTTP over a plain socket, for requests that no client library sends."""

import socket
import time
from collections.abc import Iterator

import httpx

Address = tuple[str, int]


def address_of(client: httpx.Client) -> Address:
    """Return the address of a client's server."""
    assert client.base_url.port
    return client.base_url.host, client.base_url.port


def exchange(address: Address, request: bytes) -> list[httpx.Response]:
    """Send bytes, and return all responses until the server closes the connection."""
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(request)
        return [*parse_responses(b"".join(iter(lambda: connection.recv(65_536), b"")))]


def send_slowly(address: Address, first: bytes, repeated: bytes) -> bytes:
    """Send bytes, then others again and again; return what the server sends until it disconnects.

    Raises TimeoutError if it stays connected for 500 repetitions.
    """
    received = b""
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(first)
        connection.settimeout(0.02)
        for _ in range(500):
            try:
                connection.sendall(repeated)
                more = connection.recv(65_536)
            except TimeoutError:
                continue
            except OSError:
                return received
            if not more and not repeated:
                return received
            received += more
            time.sleep(0.02)
    raise TimeoutError


def parse_responses(received: bytes) -> Iterator[httpx.Response]:
    """Parse consecutive responses that have a Content-Length. Bodies are not decompressed."""
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = httpx.Headers(
            [(name, value) for name, _, value in (f.partition(": ") for f in fields)]
        )
        length = int(headers.get("content-length", 0))
        headers.pop("content-encoding", None)  # else httpx decompresses the body
        body, received = received[:length], received[length:]
        yield httpx.Response(int(line.split()[1]), headers=headers, content=body)
