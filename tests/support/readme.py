"""The README files, and the code blocks in them, which the tests run."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for pattern in ("README.md", "app/**/*.md", "seed/README.md", "tests/README.md")
    for path in sorted(ROOT.glob(pattern))
}
"""The text of each page by its path."""
README = "\n".join(PAGES.values())
"""All pages as one text."""


def blocks_in(text: str) -> list[tuple[str, str]]:
    """Return the code blocks of a text, each with its language before it."""
    found: list[tuple[str, str]] = re.findall(
        r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE
    )
    return found


def prose_of(text: str) -> str:
    """Return a text without its code blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def section(heading: str) -> str:
    """Return the second-level section with a heading that only one page has."""
    pattern = rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)"
    matches = (re.search(pattern, text, re.DOTALL | re.MULTILINE) for text in PAGES.values())
    (found,) = (match[0] for match in matches if match)
    return found


def anchors_in(text: str) -> list[str]:
    """Return the anchors that GitHub derives from the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose_of(text), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]
