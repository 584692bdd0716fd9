"""Checking links: the diagnostics of each response, and the rate limit."""

import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.dossiers.diagnostics import Diagnostics, ProgressCallback
from app.dossiers.links import USER_AGENT, RateLimit, check_links
from app.dossiers.reader import ParsedRecord, open_dossiers
from app.schemas.entries import SourceEntry
from app.schemas.fields import LINK_PATTERN
from tests.support.link_server import LinkServer, run_link_server
from tests.support.requirements import repetitions

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
    number = check_links(entries, diagnostics, on_progress, rate_limit=rate_limit)
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
