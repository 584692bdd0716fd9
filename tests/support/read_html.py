"""Pages without a script, read as people read them."""

import httpx
from bs4 import BeautifulSoup, Tag

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def read_page(client: httpx.Client, url: str, status: int = 200) -> BeautifulSoup:
    """Read a page as a browser asks for it."""
    answer = client.get(url, headers=BROWSER)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return BeautifulSoup(answer.text, "html.parser")


def text_of(page: Tag, selector: str) -> str:
    """Give the text of the one element that a selector finds."""
    (found,) = page.select(selector)
    return " ".join(found.get_text(" ").split())


def texts_of(page: Tag, selector: str) -> list[str]:
    """Give the text of each element that a selector finds."""
    return [" ".join(found.get_text(" ").split()) for found in page.select(selector)]


def ids_of(page: Tag) -> list[str]:
    """List the events of a page."""
    return [str(event["id"]).removeprefix("event-") for event in page.select("article.event")]


def submitted(page: Tag, **filled: str) -> str:
    """Give the URL that a browser asks for when the form is sent."""
    (form,) = page.select("form")
    pairs = []
    for field in form.select("input, select"):
        name = str(field["name"])
        if field.name == "select":
            chosen = field.select_one("option[selected]") or field.select_one("option")
            assert chosen
            pairs.append((name, filled.get(name, str(chosen["value"]))))
        elif field.get("type") != "checkbox" or field.has_attr("checked"):
            pairs.append((name, filled.get(name, str(field["value"]))))
    pairs += [(name, value) for name, value in filled.items() if name not in dict(pairs)]
    return str(httpx.URL(str(form["action"]), params=pairs))
