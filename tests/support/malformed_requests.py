"""Requests that mean no good or do not know better, byte by byte, and how each is answered."""

from collections.abc import Mapping

LAST = b"Host: timeline.example\r\nConnection: close\r\n"
"""The headers of a request behind which the connection is closed."""


def ask(target: str | bytes, *lines: bytes, method: str = "GET") -> bytes:
    """Write a request with further headers, the last on its connection."""
    target = target if isinstance(target, bytes) else target.encode()
    head = b"%s %s HTTP/1.1\r\n" % (method.encode(), target)
    return head + LAST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def post(body: bytes, *lines: bytes) -> bytes:
    """Write a request with a body, whatever its headers say of it."""
    return ask("/events", *lines, method="POST") + body


def kept(request: bytes) -> bytes:
    """Write a request anew, so that another may follow."""
    return request.replace(b"Connection: close", b"Connection: keep-alive")


def _length(body: bytes) -> bytes:
    return b"Content-Length: %d" % len(body)


CHUNKED = b"Transfer-Encoding: chunked"
MEGABYTES = b"x" * 5_000_000
KEPT = kept(ask("/livez"))
"""A good request, behind which another may follow."""

# By the status that answers it: what the application or the protocol sees nothing wrong with.
FINE = {
    "a good one": ask("/livez"),
    "a query without a name or value": ask("/?"),
    "a path that is encoded": ask("/%65vents%2fnso-blacklisted"),
    "a fragment": ask("/livez#fragment"),
    "an absolute target": ask("http://evil.example/livez"),
    "HTTP/1.0 without a Host": b"GET /livez HTTP/1.0\r\n\r\n",
    "HTTP/1.0, to be kept": b"GET /livez HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
    "blank lines first": b"\r\n\r\n" + ask("/livez"),
    "Host in capitals": b"GET /livez HTTP/1.1\r\nHOST: X\r\nConnection: close\r\n\r\n",
    "an offer of WebSocket": ask(
        "/livez",
        b"Connection: Upgrade, close",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ),
    "an offer of HTTP/2": ask(
        "/livez",
        b"Connection: Upgrade, HTTP2-Settings, close",
        b"Upgrade: h2c",
        b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    ),
    "an offer of something unheard of": ask(
        "/livez", b"Connection: Upgrade, close", b"Upgrade: x/\xff"
    ),
    "a body behind GET": ask("/livez", b"Content-Length: 3") + b"abc",
    "megabytes behind GET": ask("/livez", _length(MEGABYTES)) + MEGABYTES,
    "an expectation of wonders": ask("/livez", b"Expect: wonders"),
    "a body promised to GET that never comes": ask(
        "/livez", b"Expect: 100-continue", b"Content-Length: 9"
    ),
    "trailers": ask("/livez", CHUNKED) + b"0\r\nX: y\r\n\r\n",
    "an Accept-Encoding of wonders": ask("/livez", b"Accept-Encoding: ;;q=,,br;q=x;q=1,*;q=\xff"),
    "an Accept-Encoding of thousands": ask("/events", b"Accept-Encoding: " + b"br;q=0.1," * 3_000),
    "an Accept of wonders": ask("/", b"Accept: ;;;q=,,/,*/*/*;q=nan"),
    "an Accept-Language of wonders": ask("/", b"Accept-Language: " + b"*-" * 4_000),
    "a tag that never ends": ask("/events", b'If-None-Match: "' + b"x" * 30_000),
    "thousands of tags": ask("/events", b"If-None-Match: " + b'"x",' * 7_000),
    "thousands of weak quotes": ask("/events", b"If-None-Match: " + b'W/"' * 9_001),
    "thousands of weak nothings": ask("/events", b"If-None-Match: " + b"W/" * 15_000),
    "thousands of lines of tags": ask("/events", *[b'If-None-Match: "x"'] * 1_500),
    "a tag of other bytes": ask("/events", b'If-None-Match: "\xff\x80"'),
    "a tag and a star": ask("/events", b'If-None-Match: "x", *'),
    "If-Match": ask("/events", b'If-Match: "x"'),
    "a date of last week, as someone writes it": ask("/events", b"If-Modified-Since: last week"),
    "If-Range": ask("/events", b'If-Range: "x"', b"Range: bytes=0-1"),
    "a range": ask("/events", b"Range: bytes=0-1"),
    "a range that is backwards": ask("/events", b"Range: bytes=9-0"),
    "thousands of ranges": ask("/events", b"Range: bytes=" + b"0-," * 9_000),
    "a range of wonders": ask("/events.csv", b"Range: lines=x-\xff"),
    "forwarded for nonsense": ask(
        "/events?limit=1", b"X-Forwarded-For: \xff, ;;, 1.2.3.4.5, [::", b"X-Forwarded-Proto: \xff"
    ),
    "forwarded for thousands": ask("/events?limit=1", b"X-Forwarded-For: " + b"1.1.1.1," * 3_000),
    "forwarded by a script": ask(
        "/",
        b'X-Forwarded-Proto: javascript"><script>',
        b'X-Forwarded-Host: evil.example"><script>',
        b'X-Forwarded-Prefix: /"><script>',
        b"Forwarded: host=evil.example;proto=javascript",
    ),
    "another URL on the side": ask("/livez", b"X-Original-URL: /x", b"X-Rewrite-URL: /x"),
    "another method on the side": ask("/livez", b"X-HTTP-Method-Override: DELETE"),
    "an origin of nothing": ask("/livez", b"Origin: null", b"Origin: \xff"),
    "cookies": ask("/livez", b"Cookie: " + b"a=b;" * 7_000),
    "a thousand headers": ask("/livez", *(b"X-%d: y" % number for number in range(1_000))),
    "operators of the search": ask("/events?q=a+OR+b+NOT+NEAR(x,+2)+AND+title:x"),
    "a column filter of the search": ask("/events?q={title+summary}:^x*"),
    "a quote that never ends in the search": ask("/events?q=%22nso"),
    "SQL": ask("/events?q=x%27);DROP+TABLE+event;--"),
    "a page that is told nonsense": ask("/?utm_source=%00&<x>=1&limit=5&=&&&"),
    "a page that is told thousands of things": ask(f"/?{'a=b&' * 2_000}"),
}
"""Odd, but HTTP, and there is something to be given."""

NOT_HTTP = {
    "nothing but text": b"hello, is it you?\r\n\r\n",
    "nothing but zeros": bytes(1_000),
    "every byte": bytes(range(256)) * 16,
    "a method that never ends": b"X" * 500_000,
    "a method in small letters": ask("/livez", method="get"),
    "a method that nobody knows": ask("/livez", method="FOO"),
    "a method of one letter less": ask("/livez", method="GE"),
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "SMTP": b"EHLO evil.example\r\nMAIL FROM:<a@b>\r\n",
    "a PROXY line": b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n" + ask("/livez"),
    "HTTP/2 at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "HTTP/0.9": b"GET /livez\r\n\r\n",
    "HTTP/0.9, as it says": ask("/livez").replace(b"HTTP/1.1", b"HTTP/0.9"),
    "HTTP/1.2": ask("/livez").replace(b"HTTP/1.1", b"HTTP/1.2"),
    "HTTP/2.0": ask("/livez").replace(b"HTTP/1.1", b"HTTP/2.0"),
    "HTTP/3.0": ask("/livez").replace(b"HTTP/1.1", b"HTTP/3.0"),
    "HTTP/11": ask("/livez").replace(b"HTTP/1.1", b"HTTP/11"),
    "http/1.1": ask("/livez").replace(b"HTTP/1.1", b"http/1.1"),
    "ICE": ask("/livez").replace(b"HTTP/1.1", b"ICE/1.0"),
    "a tunnel": ask("evil.example:443", method="CONNECT"),
    "no target": b"GET  HTTP/1.1\r\n" + LAST + b"\r\n",
    "a target without a slash": ask("livez"),
    "a target of a query alone": ask("?limit=1"),
    "a target with a space": ask("/livez x"),
    "a target with a tab": ask("/livez\tx"),
    "a target with a NUL": ask("/livez\0"),
    "a target in Hebrew": ask("/events?q=שלום"),
    "a target in Latin-1": ask("/events?q=Łódź".encode("utf-16")),
    "a target of a byte above ASCII": ask(b"/\xff"),
    "an absolute target without a path": ask("http://evil.example"),
    "an absolute target with a port of five nines": ask("http://evil.example:99999/livez"),
    "an absolute target of two users": ask("http://a@b@evil.example/livez"),
    "no Host": b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two Hosts": ask("/livez", b"Host: evil.example"),
    "two Hosts, alike": ask("/livez", b"Host: timeline.example"),
    "two Hosts in HTTP/1.0": ask("/livez", b"Host: x").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a header that goes on in the next line": ask("/livez", b"X: y", b" z"),
    "a first header that begins with a space": ask("/livez").replace(b"Host", b" Host"),
    "a space before the colon": ask("/livez", b"X : y"),
    "a header without a colon": ask("/livez", b"nonsense"),
    "a header without a name": ask("/livez", b": y"),
    "a header with a space in its name": ask("/livez", b"X Y: z"),
    "a header with a NUL in its name": ask("/livez", b"X\0: y"),
    "a header of other bytes in its name": ask("/livez", b"X\xff: y"),
    "a header with a NUL": ask("/livez", b"X: y\0z"),
    "a header with a bare CR": ask("/livez", b"X: y\rEvil: z"),
    "a header with a bell": ask("/livez", b"X: \x07"),
    "bare LF": ask("/livez").replace(b"\r\n", b"\n"),
    "bare CR": ask("/livez").replace(b"\r\n", b"\r") + b"\r\n",
    "LF CR": ask("/livez").replace(b"\r\n", b"\n\r"),
    "a length and chunks": post(b"0\r\n\r\n" + KEPT, b"Content-Length: 5", CHUNKED),
    "chunks and a length": post(b"0\r\n\r\n" + KEPT, CHUNKED, b"Content-Length: 5"),
    "two lengths": post(b"abcd", b"Content-Length: 3", b"Content-Length: 4"),
    "two lengths, alike": post(b"abc", b"Content-Length: 3", b"Content-Length: 3"),
    "two lengths in one": post(b"abc", b"Content-Length: 3, 3"),
    "a length below zero": post(b"abc", b"Content-Length: -3"),
    "a length with a sign": post(b"abc", b"Content-Length: +3"),
    "a length in hexadecimal": post(b"abc", b"Content-Length: 0x3"),
    "a length that is none": post(b"abc", b"Content-Length:"),
    "a length beyond all numbers": post(b"abc", b"Content-Length: " + b"9" * 30),
    "a coding that nobody knows": post(b"abc", b"Transfer-Encoding: gzip"),
    "a coding behind the chunks": post(b"0\r\n\r\n", b"Transfer-Encoding: chunked, gzip"),
    "a coding disguised": post(b"0\r\n\r\n", b"Transfer-Encoding: xchunked"),
    "chunks in HTTP/1.0 with a length": post(b"0\r\n\r\n", CHUNKED, b"Content-Length: 5").replace(
        b"HTTP/1.1", b"HTTP/1.0"
    ),
    "a chunk whose size is none": post(b"zz\r\nabc\r\n", CHUNKED),
    "a chunk whose size is below zero": post(b"-1\r\nabc\r\n", CHUNKED),
    "a chunk whose size is beyond all numbers": post(b"f" * 30 + b"\r\nabc\r\n", CHUNKED),
    "a chunk that is longer than it says": post(b"1\r\nabc\r\n0\r\n\r\n", CHUNKED),
    "a chunk that ends in bare LF": post(b"3\nabc\n0\n\n", CHUNKED),
    "a chunk with a NUL in its extension": post(b"3;x=\0\r\nabc\r\n0\r\n\r\n", CHUNKED),
}
"""What is not HTTP, or not the HTTP that is spoken here."""

NOT_UTF8 = {
    "a byte that is never UTF-8 in the query": ask("/events?q=%FF"),
    "a byte that is never UTF-8 in a name": ask("/events?%FF=1"),
    "a byte that is never UTF-8 in the path": ask("/events/%ff"),
    "half a character": ask("/events?q=%C3"),
    "a character written too long": ask("/events?q=%C0%AF"),
    "a slash written too long": ask("/..%c0%afetc/passwd"),
    "half a surrogate pair": ask("/events?q=%ED%A0%80"),
    "a character beyond Unicode": ask("/events?q=%F4%90%80%80"),
    "a page with a byte that is never UTF-8": ask("/?q=%FF"),
}
"""The URL says something in no way that could be read."""


def host(value: bytes) -> bytes:
    """Write a request to a host."""
    return b"GET /events HTTP/1.1\r\nHost: " + value + b"\r\nConnection: close\r\n\r\n"


EVIL_HOSTS = {
    "a Host that is empty": host(b""),
    "a Host with a script": host(b'evil.example"><script>alert(1)</script>'),
    "a Host with a path": host(b"evil.example/x"),
    "a Host with a user": host(b"timeline.example@evil.example"),
    "a Host with a space": host(b"a b"),
    "a Host of two": host(b"timeline.example, evil.example"),
    "a Host of other bytes": host("שלום.example".encode()),
    "a Host with a port that is none": host(b"timeline.example:port"),
    "a Host with a port of six digits": host(b"timeline.example:100000"),
    "a Host with brackets that never end": host(b"[::1"),
    "a Host that is very long": host(b"x" * 10_000),
}
"""What would stand in every link."""

MISSING = {
    "a path that nobody knows": ask("/nothing"),
    "a path upwards": ask("/../../etc/passwd"),
    "a path upwards, encoded": ask("/%2e%2e/%2e%2e/etc/passwd"),
    "a path upwards, with encoded slashes": ask("/web/..%2f..%2fpyproject.toml"),
    "a path upwards, encoded twice": ask("/web/%252e%252e%252fmain.py"),
    "a path upwards, with backslashes": ask("/web/..\\..\\pyproject.toml"),
    "a path upwards, behind a semicolon": ask("/web/..;/pyproject.toml"),
    "a path with a NUL in it": ask("/events/x%00.html"),
    "a path with line breaks in it": ask("/events/x%0d%0aSet-Cookie:%20a=b"),
    "a path with a script in it": ask("/<script>alert(1)</script>"),
    "a path that is turned around": ask("/%E2%80%AEstneve"),
    "a path of two slashes": ask("//events"),
    "a path of another site": ask("//evil.example/%2e%2e"),
    "a path with a slash too many": ask("/events/"),
    "a path with a parameter of its own": ask("/events;limit=1"),
    "a path that is very deep": ask("/x" * 4_000),
    "a path of many slashes": ask("/" * 8_000),
    "a path in other letters": ask("/EVENTS"),
    "a dossier that nobody wrote": ask("/timelines/%F0%9F%A6%84"),
    "an absolute target elsewhere": ask("http://evil.example/x"),
    "the server itself": ask("*", method="OPTIONS"),
    "a file of the server's": ask("/.env"),
    "somebody else's login": ask("/wp-login.php"),
}

NOT_READING = {
    method: ask("/events", method=method)
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "MKCOL", "PURGE", "QUERY")
} | {
    "a body": post(b"abc", b"Content-Length: 3"),
    "a body that is announced": post(b"abc", b"Content-Length: 3", b"Expect: 100-continue"),
    "a body that is announced and never sent": post(b"", b"Content-Length: 3"),
    "megabytes of a body": post(MEGABYTES, _length(MEGABYTES)),
    "megabytes in chunks": post(b"%x\r\n%s\r\n0\r\n\r\n" % (len(MEGABYTES), MEGABYTES), CHUNKED),
    "a body in HTTP/1.0": post(MEGABYTES, _length(MEGABYTES)).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a body with an offer": post(
        KEPT, b"Connection: Upgrade, close", b"Upgrade: h2c", _length(KEPT)
    ),
    "chunks in HTTP/1.0": post(b"0\r\n\r\n", CHUNKED).replace(b"HTTP/1.1", b"HTTP/1.0"),
}
"""Methods that change things, and bodies, whatever is in them."""

LONG = {
    "a URL of 9 KB": ask(f"/events?q={'x' * 9_000}"),
    "a URL of 64 KB": ask(f"/events?q={'x' * 65_536}"),
    "a URL of 300 KB": ask(f"/events?q={'x' * 300_000}"),
    "a path of 20 KB": ask(f"/events/{'x' * 20_000}"),
    "a path of 64 KB": ask(f"/events/{'x' * 65_536}"),
    "a URL that never ends": b"GET /" + MEGABYTES,
    "a parameter 5,000 times": ask(f"/events?{'actor=nso&' * 5_000}"),
    "5,000 parameters": ask(f"/events?{'&'.join(f'a{number}=1' for number in range(5_000))}"),
    "a page with a URL of 9 KB": ask(f"/?q={'x' * 9_000}"),
}

WRONG = {
    "a number beyond 64 bits": ask(f"/events?limit={2**63}"),
    "a number of 4,000 digits": ask(f"/events?limit={'9' * 4_000}"),
    "a number below zero": ask("/events?limit=-1"),
    "a number that is not one": ask("/events?limit=NaN"),
    "a number with an exponent": ask("/events?min_sources=1e400"),
    "a number in Arabic": ask("/events?limit=%D9%A1"),
    "a NUL": ask("/events?q=%00"),
    "a NUL in a name": ask("/events?q%00=x"),
    "line breaks": ask("/events?kind=x%0d%0aSet-Cookie:%20a=b"),
    "a script": ask("/events?kind=<script>alert(1)</script>"),
    "a script in a name": ask("/events?<script>alert(1)</script>=1"),
    "what is turned around": ask("/events?kind=%E2%80%AEx"),
    "a parameter 800 times": ask(f"/events?{'actor=nso&' * 800}"),
    "800 parameters": ask(f"/events?{'&'.join(f'a{number}=1' for number in range(800))}"),
    "a query of nothing": ask("/events?q="),
    "a query of quotes": ask("/events?q=%22%22%22"),
    "a query of stars": ask("/events?q=***"),
    "a query of thousands of ORs": ask(f"/events?q={'a*+OR+' * 1_300}"),
    "an actor by SQL": ask("/events?actor=x%27+OR+1=1--"),
    "a date with a month too many": ask("/events?from=2021-13"),
    "a date before all dates": ask("/events?from=-99999999999-01-01"),
    "a date of brackets": ask("/events?date=" + "[" * 4_000),
    "a cursor of nothing known": ask("/events?cursor=AAAA"),
    "a cursor of other bytes": ask("/events?cursor=%F0%9F%A6%84"),
    "a histogram of days since the beginning": ask("/histogram?interval=day&from=0001&to=9999"),
    "a parameter as PHP writes it": ask("/events?actor[]=nso"),
    "separators only": ask("/events?&=&=&"),
    "semicolons between": ask("/events?limit=1;q=x"),
    "a probe that is told nonsense": ask("/livez?x=%0d%0a"),
    "a page with a number below zero": ask("/?limit=-1"),
}

LARGE = {
    "a header of 33 KB": ask("/livez", b"X: " + b"y" * 33_000),
    "a header that never ends": ask("/livez", b"X: " + MEGABYTES)[:-4],
    "a name of a header that never ends": ask("/livez", MEGABYTES)[:-4],
    "20,000 headers": ask("/livez", *(b"X-%d: y" % number for number in range(20_000))),
    "headers that never end": ask("/livez", *[b"X: y"] * 500_000)[:-2],
    "60,000 tags": ask("/events", b"If-None-Match: " + b'"x",' * 60_000),
    "a Host that never ends": host(MEGABYTES),
}

SEVERAL: Mapping[str, tuple[bytes, tuple[int, ...]]] = {
    "many at once": (KEPT * 50 + ask("/livez"), (200,) * 51),
    "a wrong one among good ones": (
        KEPT + KEPT.replace(b"livez", b"x") + ask("/"),
        (200, 404, 200),
    ),
    "garbage behind a good one": (KEPT + b"nonsense\r\n\r\n", (200,)),
    "megabytes of garbage behind a good one": (KEPT + b"\xff" * 5_000_000, (200,)),
    "more behind the last": (ask("/livez") + KEPT, (200,)),
    "a body that breaks behind a good one": (KEPT + post(b"zz\r\n", CHUNKED), (200, 405)),
    "another in a body": (post(KEPT, _length(KEPT)), (405,)),
    "another behind a body": (
        kept(post(b"abc", b"Content-Length: 3")) + ask("/livez"),
        (405, 200),
    ),
}
"""What is answered otherwise than once; the last that is answered closes the connection."""

CORPUS: Mapping[str, tuple[bytes, tuple[int, ...]]] = {
    **{
        name: (request, (status,))
        for status, requests in (
            (200, FINE),
            *((400, requests) for requests in (NOT_HTTP, NOT_UTF8, EVIL_HOSTS)),
            (404, MISSING),
            (405, NOT_READING),
            (414, LONG),
            (422, WRONG),
            (431, LARGE),
        )
        for name, request in requests.items()
    },
    **SEVERAL,
}
"""Each request, and the statuses that answer it."""
