"""A connection to a server, byte by byte."""

import socket
import time
from collections.abc import Iterator

import httpx

Address = tuple[str, int]


def address_of(client: httpx.Client) -> Address:
    """Give where the server of a client listens."""
    assert client.base_url.port
    return client.base_url.host, client.base_url.port


def exchange(address: Address, request: bytes) -> list[httpx.Response]:
    """Send bytes, and read what is answered until the server closes the connection."""
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(request)
        return [*answers(b"".join(iter(lambda: connection.recv(65_536), b"")))]


def drip(address: Address, begun: bytes, dripping: bytes) -> bytes:
    """Send bytes, then a few again and again, and give what is received until nobody listens."""
    received = b""
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(begun)
        connection.settimeout(0.02)
        for _ in range(500):
            try:
                connection.sendall(dripping)
                more = connection.recv(65_536)
            except TimeoutError:
                continue
            except OSError:
                return received
            if not more and not dripping:
                return received
            received += more
            time.sleep(0.02)
    raise TimeoutError


def answers(received: bytes) -> Iterator[httpx.Response]:
    """Read answers that came one behind another, each with its length."""
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = httpx.Headers(
            [(name, value) for name, _, value in (f.partition(": ") for f in fields)]
        )
        length = int(headers.get("content-length", 0))
        headers.pop("content-encoding", None)
        body, received = received[:length], received[length:]
        yield httpx.Response(int(line.split()[1]), headers=headers, content=body)
