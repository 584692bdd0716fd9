"""What is said to a client whose request is not HTTP, before the application sees it."""

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.delivery import MAX_URL_LENGTH, ON_EVERY_ANSWER
from app.errors import ProblemError

DETAIL = (
    "the request is not HTTP; in a URL, encode what is not plain ASCII (with curl: --get "
    f"--data-urlencode), and keep it under {MAX_URL_LENGTH:,} bytes"
)


class Protocol(HttpToolsProtocol):
    """Uvicorn's, with a problem in the one shape instead of a line of text."""

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed, and close the connection."""
        answer = ProblemError(HTTPStatus.BAD_REQUEST, DETAIL).response()
        answer.headers.update(
            {**ON_EVERY_ANSWER, "Cache-Control": "no-store", "Connection": "close"}
        )
        head = b"".join(b"%s: %s\r\n" % header for header in answer.raw_headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n%s\r\n%s" % (head, answer.body))
        self.transport.close()
