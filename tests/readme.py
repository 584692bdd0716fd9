"""The README, and the blocks of code in it, which the tests run."""

import re

from tests.conftest import TESTS

README = (TESTS.parent / "README.md").read_text("utf-8")


def blocks_in(text: str) -> list[tuple[str, str]]:
    """List the blocks in a part of the README, each with its language before it."""
    found: list[tuple[str, str]] = re.findall(
        r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE
    )
    return found
