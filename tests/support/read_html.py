"""Reads pages as a browser does that runs no scripts."""

import httpx
from bs4 import BeautifulSoup, Tag

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def read_page(client: httpx.Client, url: str, status: int = 200) -> BeautifulSoup:
    """Request a page with the Accept header of a browser, and parse it."""
    response = client.get(url, headers=BROWSER)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return BeautifulSoup(response.text, "html.parser")


def text_of(page: Tag, selector: str) -> str:
    """Return the text of the only element that a CSS selector matches."""
    (found,) = page.select(selector)
    return " ".join(found.get_text(" ").split())


def texts_of(page: Tag, selector: str) -> list[str]:
    """Return the text of each element that a CSS selector matches."""
    return [" ".join(found.get_text(" ").split()) for found in page.select(selector)]


def ids_of(page: Tag) -> list[str]:
    """Return the ids of the events on a page, in their order."""
    return [str(event["id"]).removeprefix("event-") for event in page.select("article.event")]


def form_url(page: Tag, **filled: str) -> str:
    """Return the URL that a browser requests when the form is submitted.

    `filled` replaces values of fields, or adds them.
    """
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
