"""Checking links: the diagnostics of each response, and the rate limit."""

import socket
import ssl
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.dossiers.diagnostics import Diagnostics, ProgressCallback
from app.dossiers.link_transport import is_public
from app.dossiers.links import DEFAULT_DEADLINE, USER_AGENT, RateLimit, check_links
from app.dossiers.reader import ParsedRecord, open_dossiers
from app.schemas.entries import SourceEntry
from app.schemas.fields import LINK_PATTERN
from tests.support.link_server import LinkServer, run_link_server
from tests.support.requirements import repetitions, require_program

UNLIMITED = RateLimit(pause=0, timeout=30)

MOVED = "It has moved to '{root}/fine'. Use that URL."
REDIRECTED = "It redirects to '{root}/fine' for now. Check that the content is the same."
FIX = " Correct it, or add a copy as archived_url."
TOO_MANY_REDIRECTS = f"It redirects more than 10 times.{FIX}"
UNREACHABLE = "cannot be reached ("
BLOCKED = "The server rejects programs ({}). Open the link in a browser."
FAILED = "The server reports an error ({}). Try again later."

# path: the kind and the message of the diagnostic, without the words of a library; none if empty
OUTCOMES: dict[str, tuple[str, str]] = {
    **{f"/{status}": ("", "") for status in (200, 203, 204, 206)},
    **{
        f"/{status}": ("error", f"There is nothing at '{{root}}/{status}' ({status}).{FIX}")
        for status in (300, 301, 304, 400, 402, 404, 406, 410, 418)
    },
    **{
        f"/{status}": ("warning", BLOCKED.format(status))
        for status in (401, 403, 405, 407, 429, 451, 999)
    },
    **{f"/{status}": ("warning", FAILED.format(status)) for status in (500, 502, 503, 504, 522)},
    "/moved": ("warning", MOVED),
    "/moved-for-good": ("warning", MOVED),
    "/moved-twice": ("warning", MOVED),
    "/moved-far": ("warning", "…'. Open it, and use the URL that you reach."),
    "/moved-then-found": ("warning", "It has moved to '{root}/found'. Use that URL."),
    "/moved-to-nothing": ("error", "There is nothing at '{root}/404' (404)."),
    "/moved-to-refused": ("warning", BLOCKED.format(403)),
    "/moved-to-trouble": ("warning", FAILED.format(500)),
    "/found": ("warning", REDIRECTED),
    "/see-other": ("warning", REDIRECTED),
    "/for-now": ("warning", REDIRECTED),
    "/found-then-moved": ("warning", REDIRECTED),
    "/found-then-nothing": ("error", "There is nothing at '{root}/410' (410)."),
    "/loop": ("error", TOO_MANY_REDIRECTS),
    "/moved-loop": ("error", TOO_MANY_REDIRECTS),
    "/hop/10": ("warning", "It redirects to '{root}/hop/0' for now."),
    "/hop/11": ("error", TOO_MANY_REDIRECTS),
    "/to-file": ("error", f"'file://127.0.0.1/etc/passwd' {UNREACHABLE}"),
    "/to-javascript": ("error", f"'{{root}}/to-javascript' {UNREACHABLE}"),
    "/to-ftp": ("error", f"'ftp://127.0.0.1/fine' {UNREACHABLE}"),
    "/to-websocket": ("error", f"'ws://127.0.0.1/fine' {UNREACHABLE}"),
    "/to-mailto": ("error", UNREACHABLE),
    "/to-nonsense": ("error", UNREACHABLE),
    "/to-no-port": ("error", UNREACHABLE),
    "/to-no-host": ("error", f"'{{root}}/to-no-host' {UNREACHABLE}"),
    "/to-empty": ("error", TOO_MANY_REDIRECTS),
    "/cookie": ("", ""),
    "/cookie-moved": ("", ""),
    "/dropped": ("error", f"'{{root}}/dropped' {UNREACHABLE}"),
    "/dropped-once": ("", ""),
    "/garbled": ("error", f"'{{root}}/garbled' {UNREACHABLE}"),
    "/trouble-once": ("", ""),
    "/trouble-twice": ("warning", FAILED.format(503)),
    "/endless": ("", ""),
    "/endless-found": ("warning", "It redirects to '{root}/fine' for now."),
}

# Links that are valid in a dossier, but that no request can be sent to.
UNREQUESTABLE = [
    "http://[::1]:99999/",
    "http://127.0.0.1:99999/",
    "http://999.999.999.999/",
    "http://xn--",
    "http://xn--a/",
    "http://①.①/",
    "http://[:]/",
    "http://127.0.0.1:00000/",
    f"http://127.0.0.1/{'x' * 1_900}",
]


@pytest.fixture
def server() -> Iterator[LinkServer]:
    """Run a server for one test."""
    with run_link_server() as server:
        yield server


def check(
    folder: Path,
    *sources: dict[str, str],
    rate_limit: RateLimit = UNLIMITED,
    private: bool = True,
    deadline: float = DEFAULT_DEADLINE,
    on_progress: ProgressCallback = lambda _done, _total: None,
) -> tuple[int, list[tuple[str, str]]]:
    """Check the links of sources; return their number, and the kind and line of each diagnostic."""
    path, diagnostics = folder / "links.yaml", Diagnostics()
    records = [
        {"id": f"source-{at}", "title": "A source", "publisher": "gazette", **source}
        for at, source in enumerate(sources)
    ]
    dossier = {"timeline": {"id": "links", "title": "Links"}, "sources": records}
    path.write_text(yaml.safe_dump(dossier), "utf-8")
    entries = [
        entry
        for entry in open_dossiers([path], diagnostics)[0].entries(SourceEntry)
        if isinstance(entry, ParsedRecord)
    ]
    assert len(entries) == len(sources), diagnostics.errors
    number = check_links(
        entries, diagnostics, on_progress, private=private, deadline=deadline, rate_limit=rate_limit
    )
    lines = [("error", line) for line in diagnostics.errors]
    return number, lines + [("warning", line) for line in diagnostics.warnings]


@pytest.mark.parametrize("path", OUTCOMES)
def test_response_decides_diagnostic(server: LinkServer, tmp_path: Path, path: str) -> None:
    kind, message = OUTCOMES[path]
    number, diagnostics = check(tmp_path, {"url": server.root + path})
    assert number == 1
    assert [actual for actual, _ in diagnostics] == [kind] * bool(kind)
    for _, line in diagnostics:
        assert message.format(root=server.root) in line
        assert line.startswith(f"{tmp_path}/links.yaml:")
        assert ": sources[0].url: " in line


@pytest.mark.parametrize("link", UNREQUESTABLE)
def test_link_that_cannot_be_requested_is_an_error(tmp_path: Path, link: str) -> None:
    number, diagnostics = check(tmp_path, {"url": link})
    assert (number, [kind for kind, _ in diagnostics]) == (1, ["error"])
    assert UNREACHABLE in diagnostics[0][1]
    assert len(diagnostics[0][1]) < 1000


@pytest.mark.full
@settings(max_examples=repetitions(20, 200))
@given(links=st.lists(st.from_regex(LINK_PATTERN, fullmatch=True), min_size=10, max_size=30))
def test_no_valid_link_ends_the_check(links: list[str]) -> None:
    with run_link_server() as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("all_proxy", server.root)
        with TemporaryDirectory() as folder:
            number, _ = check(Path(folder), *({"url": link} for link in links))
    assert number == len({link.strip().partition("#")[0] for link in links})


def test_closed_port_is_an_error(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        link = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        _, diagnostics = check(tmp_path, {"url": link})
    assert diagnostics[0][0] == "error"
    assert f"'{link}' {UNREACHABLE}" in diagnostics[0][1]
    assert diagnostics[0][1].endswith(f").{FIX}")


def test_server_without_tls_is_an_error(server: LinkServer, tmp_path: Path) -> None:
    _, diagnostics = check(tmp_path, {"url": server.root.replace("http:", "https:")})
    assert diagnostics[0][0] == "error"
    assert UNREACHABLE in diagnostics[0][1]


@pytest.mark.parametrize("path", ["/silent", "/drip"])
def test_slow_response_times_out(server: LinkServer, tmp_path: Path, path: str) -> None:
    rate_limit = RateLimit(pause=0, timeout=0.3)
    _, diagnostics = check(tmp_path, {"url": server.root + path}, rate_limit=rate_limit)
    assert diagnostics[0][0] == "error"
    message = f"'{server.root}{path}' does not respond within 0.3 seconds.{FIX}"
    assert message in diagnostics[0][1]
    assert server.requests == [path]


@pytest.mark.parametrize(
    ("path", "times"),
    {"/404": 1, "/500": 1, "/429": 2, "/503": 2, "/dropped": 2, "/dropped-once": 2}.items(),
)
def test_temporary_failure_is_retried_once(
    server: LinkServer, tmp_path: Path, path: str, times: int
) -> None:
    check(tmp_path, {"url": server.root + path})
    assert server.requests == [path] * times
    assert server.user_agents == {USER_AGENT}


def test_repeated_link_is_requested_once_and_reported_everywhere(
    server: LinkServer, tmp_path: Path
) -> None:
    link = f"{server.root}/moved"
    number, diagnostics = check(
        tmp_path, {"url": link}, {"url": f"{link}#p3", "archived_url": link}
    )
    assert (number, server.requests) == (1, ["/moved", "/fine"])
    moved = f"It has moved to '{server.root}/fine"
    assert [line.split(": ", 1)[1] for _, line in diagnostics] == [
        f"warning: sources[0].url: {moved}'. Use that URL.",
        f"warning: sources[1].archived_url: {moved}'. Use that URL.",
        f"warning: sources[1].url: {moved}#p3'. Use that URL.",
    ]


def test_broken_link_with_archived_copy_is_a_warning(server: LinkServer, tmp_path: Path) -> None:
    fine, gone = f"{server.root}/fine", f"{server.root}/404"
    _, diagnostics = check(
        tmp_path, {"url": gone, "archived_url": fine}, {"url": fine, "archived_url": gone}
    )
    message = f"There is nothing at '{gone}' (404)."
    assert [(kind, line.split(": ", 1)[1]) for kind, line in diagnostics] == [
        ("error", f"sources[1].archived_url: {message} Correct it."),
        ("warning", f"warning: sources[0].url: {message} Correct it, or rely on the archived_url."),
    ]


def test_host_gets_one_request_at_a_time_with_pauses(server: LinkServer, tmp_path: Path) -> None:
    by_name = server.root.replace("127.0.0.1", "localhost")
    paths = ["/404", "/503", *(f"/across?{at}" for at in range(4))]
    sources = [{"url": root + path} for root in (server.root, by_name) for path in paths]
    number, _ = check(tmp_path, *sources, rate_limit=RateLimit(pause=0.1, timeout=30))
    assert (number, len(server.requests)) == (12, 22)
    for host in ("127.0.0.1", "localhost"):
        assert server.max_concurrent[host] == 1
        assert len(server.pauses[host]) == 10
        assert min(server.pauses[host]) > 0.09


def test_pause_for_one_host_does_not_delay_another(
    server: LinkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server acts as the proxy of all hosts.
    monkeypatch.setenv("http_proxy", server.root)
    links = ["http://a.example/200", "http://a.example/404", "http://b.example/away"]
    rate_limit = RateLimit(concurrency=1, pause=3, timeout=30)
    check(tmp_path, *({"url": link} for link in links), rate_limit=rate_limit)
    assert server.requests == ["/200", "/away", "/fine", "/404"]
    assert server.max_concurrent["all"] == 1


def test_two_hosts_get_requests_at_once(server: LinkServer, tmp_path: Path) -> None:
    by_name = server.root.replace("127.0.0.1", "localhost")
    _, diagnostics = check(tmp_path, {"url": f"{server.root}/meet"}, {"url": f"{by_name}/meet"})
    assert (diagnostics, server.max_concurrent["all"]) == ([], 2)


def test_progress_is_reported_for_each_link(server: LinkServer, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    sources = [{"url": f"{server.root}/{status}"} for status in (200, 404, 503)]
    check(tmp_path, *sources, {"url": "http://xn--"}, on_progress=lambda *call: calls.append(call))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_source_without_links_is_skipped(tmp_path: Path) -> None:
    assert check(tmp_path, {}) == (0, [])


# ---- addresses that are not public

# Addresses, and whether everybody can reach a host there.
ADDRESSES = {
    **dict.fromkeys(("8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"), True),
    **dict.fromkeys(("64:ff9b::808:808", "2002:808:808::1"), True),
    # this computer, private networks, and those that providers share
    **dict.fromkeys(("127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3", "10.0.0.1"), False),  # noqa: S104
    **dict.fromkeys(("172.16.0.1", "192.168.1.1", "100.64.0.1", "100.100.100.200"), False),
    # link-local, among them the metadata service of clouds; multicast, broadcast, reserved
    **dict.fromkeys(("169.254.169.254", "224.0.0.1", "239.1.1.1", "255.255.255.255"), False),
    **dict.fromkeys(("240.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1"), False),
    **dict.fromkeys(("::", "::1", "fe80::1", "fe80::1%1", "fec0::1", "fc00::1", "fd00::1"), False),
    **dict.fromkeys(("ff02::1", "ff0e::1", "2001:db8::1", "100::1", "4000::1"), False),
    # IPv4 addresses within IPv6 ones: mapped, compatible, NAT64, 6to4, Teredo
    **dict.fromkeys(("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1"), False),
    **dict.fromkeys(("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1"), False),
    **dict.fromkeys(("2002:7f00:1::1", "2002:a00:1::1", "2001:0:7f00:1::1"), False),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_address_is_public_if_everybody_can_reach_it(address: str) -> None:
    assert is_public(address) == ADDRESSES[address]


PUBLIC, OTHER_PUBLIC, INTERNAL = "8.8.8.8", "8.8.4.4", "10.0.0.1"
NAMES = {
    "public.example": [PUBLIC],
    "unreliable.example": [OTHER_PUBLIC, PUBLIC],
    "internal.example": [INTERNAL],
    "partly-internal.example": [PUBLIC, INTERNAL],
}
NOT_PUBLIC = f"has no public address, and is requested only with --private.{FIX}"


class Network:
    """A network in which the link server has a public address, and names have those of `NAMES`."""

    def __init__(self, server: LinkServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.connected: list[str] = []
        """The addresses that were connected to."""
        self.lookups: dict[str, int] = defaultdict(int)
        """How often each name was looked up."""
        self._look_up, self._connect = socket.getaddrinfo, anyio.connect_tcp
        self._port = server.server_port
        monkeypatch.setattr(socket, "getaddrinfo", self._getaddrinfo)
        monkeypatch.setattr(anyio, "connect_tcp", self._connect_tcp)

    def _getaddrinfo(self, host: str, *args: Any, **kwargs: Any) -> list[Any]:  # noqa: ANN401
        self.lookups[host] += 1
        if host == "rebound.example":  # public at first, and then internal
            addresses = [PUBLIC if self.lookups[host] == 1 else INTERNAL]
        else:
            addresses = NAMES.get(host, [host])
        return [one for to in addresses for one in self._look_up(to, *args, **kwargs)]

    async def _connect_tcp(self, remote_host: str, remote_port: int, **kwargs: Any) -> Any:  # noqa: ANN401
        self.connected.append(remote_host)
        if remote_host != PUBLIC:
            raise OSError("connection refused")
        return await self._connect("127.0.0.1", self._port, **kwargs)


@pytest.fixture
def network(server: LinkServer, monkeypatch: pytest.MonkeyPatch) -> Network:
    """Return the network of a test."""
    return Network(server, monkeypatch)


# A link, the link that is not requested because of its address, and the addresses connected to.
REFUSED: dict[str, tuple[str, list[str]]] = {
    "http://10.0.0.1/": ("http://10.0.0.1/", []),
    "http://127.0.0.1/": ("http://127.0.0.1/", []),
    "http://127.1/": ("http://127.1/", []),
    "http://2130706433/": ("http://2130706433/", []),
    "http://0x7f000001/": ("http://0x7f000001/", []),
    "http://[::1]/": ("http://[::1]/", []),
    "http://[::ffff:10.0.0.1]/": ("http://[::ffff:10.0.0.1]/", []),
    "http://localhost:8000/": ("http://localhost:8000/", []),
    "https://internal.example/": ("https://internal.example/", []),
    "http://partly-internal.example/": ("http://partly-internal.example/", []),
    "http://public.example/to-internal": ("http://internal.example/fine", [PUBLIC]),
    "http://public.example/to-metadata": ("http://169.254.169.254/", [PUBLIC]),
}


@pytest.mark.parametrize("link", REFUSED)
def test_link_to_address_that_is_not_public_is_an_error(
    network: Network, tmp_path: Path, link: str
) -> None:
    refused, connected = REFUSED[link]
    _, diagnostics = check(tmp_path, {"url": link}, private=False)
    assert [(kind, line.split(": ", 2)[2]) for kind, line in diagnostics] == [
        ("error", f"'{refused}' {NOT_PUBLIC}")
    ]
    assert network.connected == connected


def test_private_address_is_requested_with_option(network: Network, tmp_path: Path) -> None:
    _, diagnostics = check(tmp_path, {"url": "http://10.0.0.1/"}, private=True)
    assert UNREACHABLE in diagnostics[0][1]
    assert set(network.connected) == {INTERNAL}


def test_name_is_looked_up_once_for_each_request(
    network: Network, server: LinkServer, tmp_path: Path
) -> None:
    """The address that was checked is the one that is connected to."""
    links = [{"url": f"http://rebound.example/{status}"} for status in (200, 404)]
    _, diagnostics = check(tmp_path, *links, private=False)
    assert [line.split(": ", 2)[2] for _, line in diagnostics] == [
        f"'http://rebound.example/404' {NOT_PUBLIC}"
    ]
    assert (network.connected, network.lookups["rebound.example"]) == ([PUBLIC], 2)
    assert (server.requests, server.hosts) == (["/200"], {"rebound.example"})


def test_next_address_is_tried_if_one_refuses(
    network: Network, server: LinkServer, tmp_path: Path
) -> None:
    assert check(tmp_path, {"url": "http://unreliable.example/200"}, private=False)[1] == []
    assert (network.connected, server.requests) == ([OTHER_PUBLIC, PUBLIC], ["/200"])


def test_certificate_of_the_host_is_verified(
    network: Network, server: LinkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_program("openssl")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", "key.pem", "-out", "certificate.pem"),
            *("-subj", "/CN=test", "-addext", "subjectAltName=DNS:public.example"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    links = [{"url": f"https://{name}/200"} for name in ("public.example", "unreliable.example")]
    _, diagnostics = check(tmp_path, *links, private=False)
    (line,) = (line for _, line in diagnostics)
    assert f"'https://unreliable.example/200' {UNREACHABLE}" in line
    assert server.requests == ["/200"]
    assert network.connected


# Links, and whether they are requested through a proxy. It looks names up itself.
PROXIED = {
    **dict.fromkeys(("http://10.0.0.1/", "http://127.1/", "http://localhost/"), False),
    **dict.fromkeys(("http://x.localhost./", "http://[::1]/"), False),
    **dict.fromkeys(("http://internal.example/200", f"http://{PUBLIC}/200"), True),
}


@pytest.mark.parametrize("link", PROXIED)
def test_proxy_gets_no_address_that_is_not_public(
    server: LinkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    monkeypatch.setenv("all_proxy", server.root)
    _, diagnostics = check(tmp_path, {"url": link}, private=False)
    assert [line.split(": ", 2)[2] for _, line in diagnostics] == (
        [] if PROXIED[link] else [f"'{link}' {NOT_PUBLIC}"]
    )
    assert server.requests == ["/200"] * PROXIED[link]


def test_host_without_proxy_is_connected_to_directly(
    server: LinkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert check(tmp_path, {"url": f"{server.root}/200"})[1] == []
    _, diagnostics = check(tmp_path, {"url": f"{server.root}/200"}, private=False)
    assert NOT_PUBLIC in diagnostics[0][1]


# ---- the deadline


@pytest.mark.parametrize(
    ("number", "which"), [(1, "This link was"), (2, "This and 1 other link were")]
)
def test_links_after_deadline_are_one_warning(
    server: LinkServer, tmp_path: Path, number: int, which: str
) -> None:
    links = [{"url": f"{server.root}/silent?{at}"} for at in range(number)]
    checked, diagnostics = check(tmp_path, *links, deadline=0.5)
    assert checked == number
    assert [(kind, line.split(": ", 1)[1]) for kind, line in diagnostics] == [
        (
            "warning",
            f"warning: sources[0].url: {which} not checked within 0.5 seconds. "
            "Check again with more --deadline.",
        )
    ]
