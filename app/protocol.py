"""What is said to a client whose request is not HTTP, before the application sees it."""

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.delivery import MAX_URL_LENGTH, ON_EVERY_ANSWER, too_long
from app.errors import ProblemError

DETAIL = (
    "the request is not HTTP; in a URL, encode what is not plain ASCII (with curl: --get "
    "--data-urlencode)"
)


class Protocol(HttpToolsProtocol):
    """Uvicorn's, with a problem in the one shape instead of a line of text."""

    url = b""

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed, and close the connection."""
        is_long = len(self.url) > MAX_URL_LENGTH
        problem = too_long() if is_long else ProblemError(HTTPStatus.BAD_REQUEST, DETAIL)
        answer = problem.response()
        answer.headers.update(
            {**ON_EVERY_ANSWER, "Cache-Control": "no-store", "Connection": "close"}
        )
        status = HTTPStatus(answer.status_code)
        head = [f"HTTP/1.1 {status} {status.phrase}".encode()]
        head += [b"%s: %s" % header for header in answer.raw_headers]
        self.transport.write(b"\r\n".join([*head, b"", bytes(answer.body)]))
        self.transport.close()
