"""Asking links: what is told of each, and with what manners servers are asked."""

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
from tests.support.link_server import LinkServer, answering
from tests.support.requirements import repetitions

HURRIED = RateLimit(pause=0, timeout=30)


MOVED = "it has moved to '{root}/fine'; write that"
FOUND = "it leads to '{root}/fine' for now; see that it shows the same"
OR_COPY = "; correct it, or name a copy as archived_url"

# path: what is told, and as what; nothing of what is as it should be
OUTCOMES: dict[str, tuple[str, str]] = {
    **{f"/{status}": ("", "") for status in (200, 203, 204, 206)},
    **{
        f"/{status}": ("problem", f"there is nothing at '{{root}}/{status}' ({status}){OR_COPY}")
        for status in (300, 301, 304, 400, 402, 404, 406, 410, 418)
    },
    **{
        f"/{status}": (
            "warning",
            f"the server does not show it to programs ({status}); look at it yourself",
        )
        for status in (401, 403, 405, 407, 429, 451, 999)
    },
    **{
        f"/{status}": ("warning", f"the server is in trouble ({status}); try again later")
        for status in (500, 502, 503, 504, 522)
    },
    "/moved": ("warning", MOVED),
    "/moved-for-good": ("warning", MOVED),
    "/moved-twice": ("warning", MOVED),
    "/moved-far": ("warning", "…'; follow it, and write what you reach"),
    "/moved-then-found": ("warning", "it has moved to '{root}/found'; write that"),
    "/moved-to-nothing": ("problem", "there is nothing at '{root}/404' (404)"),
    "/moved-to-refused": ("warning", "the server does not show it to programs (403)"),
    "/moved-to-trouble": ("warning", "the server is in trouble (500)"),
    "/found": ("warning", FOUND),
    "/see-other": ("warning", FOUND),
    "/for-now": ("warning", FOUND),
    "/found-then-moved": ("warning", FOUND),
    "/found-then-nothing": ("problem", "there is nothing at '{root}/410' (410)"),
    "/loop": ("problem", f"it leads on and on, more than 10 times{OR_COPY}"),
    "/moved-loop": ("problem", "it leads on and on"),
    "/hop/10": ("warning", "it leads to '{root}/hop/0' for now"),
    "/hop/11": ("problem", "it leads on and on"),
    "/to-file": ("problem", "'file://127.0.0.1/etc/passwd' cannot be reached: Request URL has an"),
    "/to-javascript": ("problem", "'{root}/to-javascript' cannot be reached: For absolute URLs"),
    "/to-ftp": ("problem", "'ftp://127.0.0.1/fine' cannot be reached: Request URL has an unsup"),
    "/to-mailto": ("problem", "cannot be reached"),
    "/to-nonsense": ("problem", "cannot be reached"),
    "/to-no-port": ("problem", "cannot be reached: connect(): port must be 0-65535"),
    "/to-no-host": ("problem", "'{root}/to-no-host' cannot be reached: Malformed A-label"),
    "/to-empty": ("problem", "it leads on and on"),
    "/cookie": ("", ""),
    "/cookie-moved": ("", ""),
    "/dropped": ("problem", "'{root}/dropped' cannot be reached: Server disconnected"),
    "/dropped-once": ("", ""),
    "/garbled": ("problem", "'{root}/garbled' cannot be reached"),
    "/trouble-once": ("", ""),
    "/trouble-twice": ("warning", "the server is in trouble (503)"),
    "/endless": ("", ""),
    "/endless-found": ("warning", "it leads to '{root}/fine' for now"),
}

# What a dossier may name, though no server can be asked for it, nor any name looked up.
ODD = [
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
    """Give a server of the test's own."""
    with answering() as server:
        yield server


def ask(
    folder: Path,
    *sources: dict[str, str],
    manners: RateLimit = HURRIED,
    tell: ProgressCallback = lambda _done, _total: None,
) -> tuple[int, list[tuple[str, str]]]:
    """Check the links of sources; gives their number, and what is told and as what."""
    path, findings = folder / "links.yaml", Diagnostics()
    records = [
        {"id": f"source-{at}", "title": "A source", "publisher": "gazette", **source}
        for at, source in enumerate(sources)
    ]
    dossier = {"timeline": {"id": "links", "title": "Links"}, "sources": records}
    path.write_text(yaml.safe_dump(dossier), "utf-8")
    written = [
        one
        for one in open_dossiers([path], findings)[0].entries(SourceEntry)
        if isinstance(one, ParsedRecord)
    ]
    assert len(written) == len(sources), findings.errors
    asked = check_links(written, findings, tell, rate_limit=manners)
    told = [("problem", line) for line in findings.errors]
    return asked, told + [("warning", line) for line in findings.warnings]


@pytest.mark.parametrize("path", OUTCOMES)
def test_what_is_told_of_a_link(server: LinkServer, tmp_path: Path, path: str) -> None:
    kind, message = OUTCOMES[path]
    asked, told = ask(tmp_path, {"url": server.root + path})
    assert asked == 1
    assert [one for one, _ in told] == [kind] * bool(kind)
    for _, line in told:
        assert message.format(root=server.root) in line
        assert line.startswith(f"{tmp_path}/links.yaml:")
        assert ": sources[0].url: " in line


@pytest.mark.parametrize("link", ODD)
def test_odd_links_are_told_of(tmp_path: Path, link: str) -> None:
    asked, told = ask(tmp_path, {"url": link})
    assert (asked, [kind for kind, _ in told]) == (1, ["problem"])
    assert "cannot be reached: " in told[0][1]
    assert len(told[0][1]) < 1000


@pytest.mark.full
@settings(max_examples=repetitions(20, 200))
@given(links=st.lists(st.from_regex(LINK_PATTERN, fullmatch=True), min_size=10, max_size=30))
def test_no_link_that_a_dossier_may_name_ends_the_check(links: list[str]) -> None:
    with answering() as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("all_proxy", server.root)
        with TemporaryDirectory() as folder:
            asked, _ = ask(Path(folder), *({"url": link} for link in links))
    assert asked == len({link.strip().partition("#")[0] for link in links})


def test_a_port_where_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        link = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        _, told = ask(tmp_path, {"url": link})
    assert told[0][0] == "problem"
    assert f"'{link}' cannot be reached: All connection attempts failed{OR_COPY}" in told[0][1]


def test_a_server_without_tls(server: LinkServer, tmp_path: Path) -> None:
    _, told = ask(tmp_path, {"url": server.root.replace("http:", "https:")})
    assert told[0][0] == "problem"
    assert "cannot be reached: [SSL: " in told[0][1]


@pytest.mark.parametrize("path", ["/silent", "/drip"])
def test_patience_ends(server: LinkServer, tmp_path: Path, path: str) -> None:
    manners = RateLimit(pause=0, timeout=0.3)
    _, told = ask(tmp_path, {"url": server.root + path}, manners=manners)
    assert told[0][0] == "problem"
    assert f"'{server.root}{path}' does not answer within 0.3 seconds{OR_COPY}" in told[0][1]
    assert server.asked == [path]


@pytest.mark.parametrize(
    ("path", "times"),
    {"/404": 1, "/500": 1, "/429": 2, "/503": 2, "/dropped": 2, "/dropped-once": 2}.items(),
)
def test_what_may_pass_is_asked_once_more(
    server: LinkServer, tmp_path: Path, path: str, times: int
) -> None:
    ask(tmp_path, {"url": server.root + path})
    assert server.asked == [path] * times
    assert server.agents == {USER_AGENT}


def test_a_link_named_twice_is_asked_once_and_told_of_twice(
    server: LinkServer, tmp_path: Path
) -> None:
    link = f"{server.root}/moved"
    asked, told = ask(tmp_path, {"url": link}, {"url": f"{link}#p3", "archived_url": link})
    assert (asked, server.asked) == (1, ["/moved", "/fine"])
    assert [line.split(": ", 1)[1] for _, line in told] == [
        f"warning: sources[0].url: it has moved to '{server.root}/fine'; write that",
        f"warning: sources[1].archived_url: it has moved to '{server.root}/fine'; write that",
        f"warning: sources[1].url: it has moved to '{server.root}/fine#p3'; write that",
    ]


def test_a_copy_serves_where_the_link_is_broken(server: LinkServer, tmp_path: Path) -> None:
    fine, gone = f"{server.root}/fine", f"{server.root}/404"
    _, told = ask(
        tmp_path, {"url": gone, "archived_url": fine}, {"url": fine, "archived_url": gone}
    )
    message = f"there is nothing at '{gone}' (404)"
    assert [(kind, line.split(": ", 1)[1]) for kind, line in told] == [
        ("problem", f"sources[1].archived_url: {message}; correct it"),
        (
            "warning",
            f"warning: sources[0].url: {message}; correct it, or leave it to its archived_url",
        ),
    ]


def test_a_host_is_asked_one_thing_at_a_time_with_pauses(
    server: LinkServer, tmp_path: Path
) -> None:
    by_name = server.root.replace("127.0.0.1", "localhost")
    paths = ["/404", "/503", *(f"/across?{at}" for at in range(4))]
    sources = [{"url": root + path} for root in (server.root, by_name) for path in paths]
    asked, _ = ask(tmp_path, *sources, manners=RateLimit(pause=0.1, timeout=30))
    assert (asked, len(server.asked)) == (12, 22)
    for host in ("127.0.0.1", "localhost"):
        assert server.most_at_once[host] == 1
        assert len(server.pauses[host]) == 10
        assert min(server.pauses[host]) > 0.09


def test_who_waits_for_one_host_keeps_nobody_from_another(
    server: LinkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A proxy that is set in the environment is asked for every name.
    monkeypatch.setenv("http_proxy", server.root)
    links = ["http://a.example/200", "http://a.example/404", "http://b.example/away"]
    manners = RateLimit(concurrency=1, pause=3, timeout=30)
    ask(tmp_path, *({"url": link} for link in links), manners=manners)
    assert server.asked == ["/200", "/away", "/fine", "/404"]
    assert server.most_at_once["all"] == 1


def test_two_hosts_are_asked_at_once(server: LinkServer, tmp_path: Path) -> None:
    by_name = server.root.replace("127.0.0.1", "localhost")
    _, told = ask(tmp_path, {"url": f"{server.root}/meet"}, {"url": f"{by_name}/meet"})
    assert (told, server.most_at_once["all"]) == ([], 2)


def test_how_far_it_has_come_is_told(server: LinkServer, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    sources = [{"url": f"{server.root}/{status}"} for status in (200, 404, 503)]
    ask(tmp_path, *sources, {"url": "http://xn--"}, tell=lambda *call: calls.append(call))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_sources_without_links(tmp_path: Path) -> None:
    assert ask(tmp_path, {}) == (0, [])
