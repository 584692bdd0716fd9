"""Malformed, hostile and unusual requests as bytes, with the statuses of their responses."""

from collections.abc import Mapping

LAST = b"Host: timeline.example\r\nConnection: close\r\n"
"""The headers of the last request on a connection."""


def get(target: str | bytes, *lines: bytes, method: str = "GET") -> bytes:
    """Build a request, GET by default, that closes its connection; `lines` are more headers."""
    target = target if isinstance(target, bytes) else target.encode()
    head = b"%s %s HTTP/1.1\r\n" % (method.encode(), target)
    return head + LAST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def post(body: bytes, *lines: bytes) -> bytes:
    """Build a POST request with a body. Its headers may contradict the body."""
    return get("/events", *lines, method="POST") + body


def keep_alive(request: bytes) -> bytes:
    """Change a request so that another can follow on the connection."""
    return request.replace(b"Connection: close", b"Connection: keep-alive")


def _length(body: bytes) -> bytes:
    return b"Content-Length: %d" % len(body)


CHUNKED = b"Transfer-Encoding: chunked"
MEGABYTES = b"x" * 5_000_000
KEEP_ALIVE = keep_alive(get("/livez"))
"""A valid request, after which another can follow."""

VALID = {
    "a valid request": get("/livez"),
    "a query without a name or value": get("/?"),
    "an encoded path": get("/%65vents%2fnso-blacklisted"),
    "a fragment": get("/livez#fragment"),
    "an absolute target": get("http://evil.example/livez"),
    "HTTP/1.0 without a Host": b"GET /livez HTTP/1.0\r\n\r\n",
    "HTTP/1.0 with keep-alive": b"GET /livez HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
    "blank lines first": b"\r\n\r\n" + get("/livez"),
    "Host in capitals": b"GET /livez HTTP/1.1\r\nHOST: X\r\nConnection: close\r\n\r\n",
    "an upgrade to WebSocket": get(
        "/livez",
        b"Connection: Upgrade, close",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ),
    "an upgrade to HTTP/2": get(
        "/livez",
        b"Connection: Upgrade, HTTP2-Settings, close",
        b"Upgrade: h2c",
        b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    ),
    "an upgrade to an unknown protocol": get(
        "/livez", b"Connection: Upgrade, close", b"Upgrade: x/\xff"
    ),
    "a body after GET": get("/livez", b"Content-Length: 3") + b"abc",
    "megabytes after GET": get("/livez", _length(MEGABYTES)) + MEGABYTES,
    "an unknown Expect": get("/livez", b"Expect: wonders"),
    "an announced body of GET that never comes": get(
        "/livez", b"Expect: 100-continue", b"Content-Length: 9"
    ),
    "trailers": get("/livez", CHUNKED) + b"0\r\nX: y\r\n\r\n",
    "a malformed Accept-Encoding": get("/livez", b"Accept-Encoding: ;;q=,,br;q=x;q=1,*;q=\xff"),
    "thousands of codings": get("/events", b"Accept-Encoding: " + b"br;q=0.1," * 3_000),
    "a malformed Accept": get("/", b"Accept: ;;;q=,,/,*/*/*;q=nan"),
    "a malformed Accept-Language": get("/", b"Accept-Language: " + b"*-" * 4_000),
    "an unclosed ETag": get("/events", b'If-None-Match: "' + b"x" * 30_000),
    "thousands of ETags": get("/events", b"If-None-Match: " + b'"x",' * 7_000),
    "thousands of weak quotes": get("/events", b"If-None-Match: " + b'W/"' * 9_001),
    "thousands of weak prefixes": get("/events", b"If-None-Match: " + b"W/" * 15_000),
    "thousands of lines of ETags": get("/events", *[b'If-None-Match: "x"'] * 1_500),
    "an ETag of non-ASCII bytes": get("/events", b'If-None-Match: "\xff\x80"'),
    "an ETag and a star": get("/events", b'If-None-Match: "x", *'),
    "If-Match": get("/events", b'If-Match: "x"'),
    "an If-Modified-Since in words": get("/events", b"If-Modified-Since: last week"),
    "If-Range": get("/events", b'If-Range: "x"', b"Range: bytes=0-1"),
    "a range": get("/events", b"Range: bytes=0-1"),
    "a reversed range": get("/events", b"Range: bytes=9-0"),
    "thousands of ranges": get("/events", b"Range: bytes=" + b"0-," * 9_000),
    "a range of an unknown unit": get("/events.csv", b"Range: lines=x-\xff"),
    "malformed X-Forwarded-For": get(
        "/events?limit=1", b"X-Forwarded-For: \xff, ;;, 1.2.3.4.5, [::", b"X-Forwarded-Proto: \xff"
    ),
    "thousands of forwarded addresses": get(
        "/events?limit=1", b"X-Forwarded-For: " + b"1.1.1.1," * 3_000
    ),
    "scripts in forwarding headers": get(
        "/",
        b'X-Forwarded-Proto: javascript"><script>',
        b'X-Forwarded-Host: evil.example"><script>',
        b'X-Forwarded-Prefix: /"><script>',
        b"Forwarded: host=evil.example;proto=javascript",
    ),
    "another URL in a header": get("/livez", b"X-Original-URL: /x", b"X-Rewrite-URL: /x"),
    "another method in a header": get("/livez", b"X-HTTP-Method-Override: DELETE"),
    "a null Origin": get("/livez", b"Origin: null", b"Origin: \xff"),
    "cookies": get("/livez", b"Cookie: " + b"a=b;" * 7_000),
    "a thousand headers": get("/livez", *(b"X-%d: y" % number for number in range(1_000))),
    "search operators": get("/events?q=a+OR+b+NOT+NEAR(x,+2)+AND+title:x"),
    "a search with a column filter": get("/events?q={title+summary}:^x*"),
    "a search with an unclosed quote": get("/events?q=%22nso"),
    "SQL": get("/events?q=x%27);DROP+TABLE+event;--"),
    "a page with unknown parameters": get("/?utm_source=%00&<x>=1&limit=5&=&&&"),
    "a page with thousands of parameters": get(f"/?{'a=b&' * 2_000}"),
}
"""Unusual but valid requests: 200."""

NOT_HTTP = {
    "only text": b"hello, is it you?\r\n\r\n",
    "only zeros": bytes(1_000),
    "every byte": bytes(range(256)) * 16,
    "a method that never ends": b"X" * 500_000,
    "a lowercase method": get("/livez", method="get"),
    "an unknown method": get("/livez", method="FOO"),
    "a misspelled method": get("/livez", method="GE"),
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "SMTP": b"EHLO evil.example\r\nMAIL FROM:<a@b>\r\n",
    "a PROXY line": b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n" + get("/livez"),
    "HTTP/2 at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "HTTP/0.9": b"GET /livez\r\n\r\n",
    "HTTP/0.9 with its version": get("/livez").replace(b"HTTP/1.1", b"HTTP/0.9"),
    "HTTP/1.2": get("/livez").replace(b"HTTP/1.1", b"HTTP/1.2"),
    "HTTP/2.0": get("/livez").replace(b"HTTP/1.1", b"HTTP/2.0"),
    "HTTP/3.0": get("/livez").replace(b"HTTP/1.1", b"HTTP/3.0"),
    "HTTP/11": get("/livez").replace(b"HTTP/1.1", b"HTTP/11"),
    "http/1.1": get("/livez").replace(b"HTTP/1.1", b"http/1.1"),
    "ICE": get("/livez").replace(b"HTTP/1.1", b"ICE/1.0"),
    "a tunnel": get("evil.example:443", method="CONNECT"),
    "no target": b"GET  HTTP/1.1\r\n" + LAST + b"\r\n",
    "a target without a slash": get("livez"),
    "a target of only a query": get("?limit=1"),
    "a target with a space": get("/livez x"),
    "a target with a tab": get("/livez\tx"),
    "a target with a NUL": get("/livez\0"),
    "a target in Hebrew": get("/events?q=שלום"),
    "a target in Latin-1": get("/events?q=Łódź".encode("utf-16")),
    "a target with a byte above ASCII": get(b"/\xff"),
    "an absolute target without a path": get("http://evil.example"),
    "an absolute target with a port of five nines": get("http://evil.example:99999/livez"),
    "an absolute target with two users": get("http://a@b@evil.example/livez"),
    "no Host": b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two Hosts": get("/livez", b"Host: evil.example"),
    "two equal Hosts": get("/livez", b"Host: timeline.example"),
    "two Hosts in HTTP/1.0": get("/livez", b"Host: x").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a folded header": get("/livez", b"X: y", b" z"),
    "a first header after a space": get("/livez").replace(b"Host", b" Host"),
    "a space before the colon": get("/livez", b"X : y"),
    "a header without a colon": get("/livez", b"nonsense"),
    "a header without a name": get("/livez", b": y"),
    "a header with a space in its name": get("/livez", b"X Y: z"),
    "a header with a NUL in its name": get("/livez", b"X\0: y"),
    "a header with non-ASCII bytes in its name": get("/livez", b"X\xff: y"),
    "a header with a NUL": get("/livez", b"X: y\0z"),
    "a header with a bare CR": get("/livez", b"X: y\rEvil: z"),
    "a header with a bell": get("/livez", b"X: \x07"),
    "bare LF": get("/livez").replace(b"\r\n", b"\n"),
    "bare CR": get("/livez").replace(b"\r\n", b"\r") + b"\r\n",
    "LF CR": get("/livez").replace(b"\r\n", b"\n\r"),
    "a length and chunks": post(b"0\r\n\r\n" + KEEP_ALIVE, b"Content-Length: 5", CHUNKED),
    "chunks and a length": post(b"0\r\n\r\n" + KEEP_ALIVE, CHUNKED, b"Content-Length: 5"),
    "two lengths": post(b"abcd", b"Content-Length: 3", b"Content-Length: 4"),
    "two equal lengths": post(b"abc", b"Content-Length: 3", b"Content-Length: 3"),
    "two lengths in one": post(b"abc", b"Content-Length: 3, 3"),
    "a negative length": post(b"abc", b"Content-Length: -3"),
    "a length with a sign": post(b"abc", b"Content-Length: +3"),
    "a length in hexadecimal": post(b"abc", b"Content-Length: 0x3"),
    "an empty length": post(b"abc", b"Content-Length:"),
    "a length of 30 digits": post(b"abc", b"Content-Length: " + b"9" * 30),
    "an unknown coding": post(b"abc", b"Transfer-Encoding: gzip"),
    "a coding after chunked": post(b"0\r\n\r\n", b"Transfer-Encoding: chunked, gzip"),
    "a disguised coding": post(b"0\r\n\r\n", b"Transfer-Encoding: xchunked"),
    "chunks in HTTP/1.0 with a length": post(b"0\r\n\r\n", CHUNKED, b"Content-Length: 5").replace(
        b"HTTP/1.1", b"HTTP/1.0"
    ),
    "a chunk with an invalid size": post(b"zz\r\nabc\r\n", CHUNKED),
    "a chunk with a negative size": post(b"-1\r\nabc\r\n", CHUNKED),
    "a chunk with a size of 30 digits": post(b"f" * 30 + b"\r\nabc\r\n", CHUNKED),
    "a chunk longer than its size": post(b"1\r\nabc\r\n0\r\n\r\n", CHUNKED),
    "a chunk with bare LF": post(b"3\nabc\n0\n\n", CHUNKED),
    "a chunk with a NUL in its extension": post(b"3;x=\0\r\nabc\r\n0\r\n\r\n", CHUNKED),
}
"""Not HTTP, or not HTTP/1: 400."""

NOT_UTF8 = {
    "an invalid byte in the query": get("/events?q=%FF"),
    "an invalid byte in a name": get("/events?%FF=1"),
    "an invalid byte in the path": get("/events/%ff"),
    "half a character": get("/events?q=%C3"),
    "an overlong character": get("/events?q=%C0%AF"),
    "an overlong slash": get("/..%c0%afetc/passwd"),
    "half a surrogate pair": get("/events?q=%ED%A0%80"),
    "a character beyond Unicode": get("/events?q=%F4%90%80%80"),
    "a page with an invalid byte": get("/?q=%FF"),
}
"""URLs whose percent-encoding is not UTF-8: 400."""


def host(value: bytes) -> bytes:
    """Build a request with a Host header."""
    return b"GET /events HTTP/1.1\r\nHost: " + value + b"\r\nConnection: close\r\n\r\n"


EVIL_HOSTS = {
    "an empty Host": host(b""),
    "a Host with a script": host(b'evil.example"><script>alert(1)</script>'),
    "a Host with a path": host(b"evil.example/x"),
    "a Host with a user": host(b"timeline.example@evil.example"),
    "a Host with a space": host(b"a b"),
    "a Host with two names": host(b"timeline.example, evil.example"),
    "a Host of non-ASCII bytes": host("שלום.example".encode()),
    "a Host with an invalid port": host(b"timeline.example:port"),
    "a Host with a port of six digits": host(b"timeline.example:100000"),
    "a Host with an unclosed bracket": host(b"[::1"),
    "a very long Host": host(b"x" * 10_000),
}
"""Hosts that would become part of every link in the response: 400."""

MISSING = {
    "an unknown path": get("/nothing"),
    "a path upwards": get("/../../etc/passwd"),
    "a path upwards, encoded": get("/%2e%2e/%2e%2e/etc/passwd"),
    "a path upwards, with encoded slashes": get("/web/..%2f..%2fpyproject.toml"),
    "a path upwards, encoded twice": get("/web/%252e%252e%252fmain.py"),
    "a path upwards, with backslashes": get("/web/..\\..\\pyproject.toml"),
    "a path upwards, after a semicolon": get("/web/..;/pyproject.toml"),
    "a path with a NUL in it": get("/events/x%00.html"),
    "a path with line breaks in it": get("/events/x%0d%0aSet-Cookie:%20a=b"),
    "a path with a script in it": get("/<script>alert(1)</script>"),
    "a path with a direction override": get("/%E2%80%AEstneve"),
    "a path of two slashes": get("//events"),
    "a path of another site": get("//evil.example/%2e%2e"),
    "a path with a trailing slash": get("/events/"),
    "a path with a path parameter": get("/events;limit=1"),
    "a very deep path": get("/x" * 4_000),
    "a path of many slashes": get("/" * 8_000),
    "a path in capitals": get("/EVENTS"),
    "an unknown timeline": get("/timelines/%F0%9F%A6%84"),
    "an absolute target of another site": get("http://evil.example/x"),
    "the server itself": get("*", method="OPTIONS"),
    "a hidden file": get("/.env"),
    "a login page of another product": get("/wp-login.php"),
}
"""Paths that do not exist: 404."""

NOT_ALLOWED = {
    method: get("/events", method=method)
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "MKCOL", "PURGE", "QUERY")
} | {
    "a body": post(b"abc", b"Content-Length: 3"),
    "an announced body": post(b"abc", b"Content-Length: 3", b"Expect: 100-continue"),
    "an announced body that is never sent": post(b"", b"Content-Length: 3"),
    "megabytes of a body": post(MEGABYTES, _length(MEGABYTES)),
    "megabytes in chunks": post(b"%x\r\n%s\r\n0\r\n\r\n" % (len(MEGABYTES), MEGABYTES), CHUNKED),
    "a body in HTTP/1.0": post(MEGABYTES, _length(MEGABYTES)).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a body with an upgrade": post(
        KEEP_ALIVE, b"Connection: Upgrade, close", b"Upgrade: h2c", _length(KEEP_ALIVE)
    ),
    "chunks in HTTP/1.0": post(b"0\r\n\r\n", CHUNKED).replace(b"HTTP/1.1", b"HTTP/1.0"),
}
"""Methods other than GET and HEAD, with all kinds of bodies: 405."""

LONG = {
    "a URL of 9 KB": get(f"/events?q={'x' * 9_000}"),
    "a URL of 64 KB": get(f"/events?q={'x' * 65_536}"),
    "a URL of 300 KB": get(f"/events?q={'x' * 300_000}"),
    "a path of 20 KB": get(f"/events/{'x' * 20_000}"),
    "a path of 64 KB": get(f"/events/{'x' * 65_536}"),
    "a URL that never ends": b"GET /" + MEGABYTES,
    "a parameter 5,000 times": get(f"/events?{'actor=nso&' * 5_000}"),
    "5,000 parameters": get(f"/events?{'&'.join(f'a{number}=1' for number in range(5_000))}"),
    "a page with a URL of 9 KB": get(f"/?q={'x' * 9_000}"),
}
"""URLs longer than the limit: 414."""

INVALID = {
    "a number beyond 64 bits": get(f"/events?limit={2**63}"),
    "a number of 4,000 digits": get(f"/events?limit={'9' * 4_000}"),
    "a negative number": get("/events?limit=-1"),
    "a number that is NaN": get("/events?limit=NaN"),
    "a number with an exponent": get("/events?min_sources=1e400"),
    "a number in Arabic": get("/events?limit=%D9%A1"),
    "a NUL": get("/events?q=%00"),
    "a NUL in a name": get("/events?q%00=x"),
    "line breaks": get("/events?kind=x%0d%0aSet-Cookie:%20a=b"),
    "a script": get("/events?kind=<script>alert(1)</script>"),
    "a script in a name": get("/events?<script>alert(1)</script>=1"),
    "a direction override": get("/events?kind=%E2%80%AEx"),
    "a parameter 800 times": get(f"/events?{'actor=nso&' * 800}"),
    "800 parameters": get(f"/events?{'&'.join(f'a{number}=1' for number in range(800))}"),
    "an empty search": get("/events?q="),
    "a search for quotes": get("/events?q=%22%22%22"),
    "a search for stars": get("/events?q=***"),
    "a search with thousands of ORs": get(f"/events?q={'a*+OR+' * 1_300}"),
    "an actor by SQL": get("/events?actor=x%27+OR+1=1--"),
    "a date with month 13": get("/events?from=2021-13"),
    "a date before all dates": get("/events?from=-99999999999-01-01"),
    "a date of brackets": get("/events?date=" + "[" * 4_000),
    "an unknown cursor": get("/events?cursor=AAAA"),
    "a cursor of non-ASCII bytes": get("/events?cursor=%F0%9F%A6%84"),
    "a histogram of too many days": get("/histogram?interval=day&from=0001&to=9999"),
    "a parameter with brackets": get("/events?actor[]=nso"),
    "separators only": get("/events?&=&=&"),
    "semicolons as separators": get("/events?limit=1;q=x"),
    "a probe with a parameter": get("/livez?x=%0d%0a"),
    "a page with a negative number": get("/?limit=-1"),
}
"""Invalid parameters: 422."""

LARGE = {
    "a header of 33 KB": get("/livez", b"X: " + b"y" * 33_000),
    "a header that never ends": get("/livez", b"X: " + MEGABYTES)[:-4],
    "a header name that never ends": get("/livez", MEGABYTES)[:-4],
    "20,000 headers": get("/livez", *(b"X-%d: y" % number for number in range(20_000))),
    "headers that never end": get("/livez", *[b"X: y"] * 500_000)[:-2],
    "60,000 ETags": get("/events", b"If-None-Match: " + b'"x",' * 60_000),
    "a Host that never ends": host(MEGABYTES),
}
"""Headers larger than the limit: 431."""

SEVERAL: Mapping[str, tuple[bytes, tuple[int, ...]]] = {
    "pipelined requests": (KEEP_ALIVE * 50 + get("/livez"), (200,) * 51),
    "an invalid request among valid ones": (
        KEEP_ALIVE + KEEP_ALIVE.replace(b"livez", b"x") + get("/"),
        (200, 404, 200),
    ),
    "garbage after a valid request": (KEEP_ALIVE + b"nonsense\r\n\r\n", (200,)),
    "megabytes of garbage after a valid request": (KEEP_ALIVE + b"\xff" * 5_000_000, (200,)),
    "a request after the last": (get("/livez") + KEEP_ALIVE, (200,)),
    "a malformed body after a valid request": (KEEP_ALIVE + post(b"zz\r\n", CHUNKED), (200, 405)),
    "a request in a body": (post(KEEP_ALIVE, _length(KEEP_ALIVE)), (405,)),
    "a request after a body": (
        keep_alive(post(b"abc", b"Content-Length: 3")) + get("/livez"),
        (405, 200),
    ),
}
"""Several requests on one connection: the bytes, and the statuses of all responses."""

CORPUS: Mapping[str, tuple[bytes, tuple[int, ...]]] = {
    **{
        name: (request, (status,))
        for status, requests in (
            (200, VALID),
            *((400, requests) for requests in (NOT_HTTP, NOT_UTF8, EVIL_HOSTS)),
            (404, MISSING),
            (405, NOT_ALLOWED),
            (414, LONG),
            (422, INVALID),
            (431, LARGE),
        )
        for name, request in requests.items()
    },
    **SEVERAL,
}
"""The bytes of each case, and the statuses of the responses."""
