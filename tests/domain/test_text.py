"""Normal forms, and paths in messages."""

import os
import unicodedata
from collections.abc import Callable
from functools import partial
from itertools import pairwise, product
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.text import MAX_QUOTED, normal_form, printable

Form = Literal["NFC", "NFKD"]
FORMS: list[Form] = ["NFC", "NFKD"]
# Marks of different classes, and characters that decompose into marks.
MARKS = "\u0301\u0323\u0334\u0344\u05b0\u0f71\u0f73\u0f81\u3099\uff9e"
# Letters that compose with marks, that decompose, or that do neither.
LETTERS = "aoåǖ가\u1100\u1161か\uff76ﷺקΩ -"

TEXTS = st.lists(st.tuples(st.sampled_from(LETTERS), st.text(MARKS, max_size=80)), max_size=3).map(
    lambda parts: "".join(letter + marks for letter, marks in parts)
)


@pytest.mark.parametrize("form", FORMS)
@given(value=TEXTS)
def test_normal_form_is_that_of_unicode(form: Form, value: str) -> None:
    assert normal_form(form, value) == unicodedata.normalize(form, value)


def _unsorted_marks(decompose: Callable[[str], str], value: str) -> int:
    """Return how many marks a normal form moves, each of them past all others."""
    classes = [unicodedata.combining(part) for char in value for part in decompose(char)]
    return sum(before > after > 0 for before, after in pairwise(classes))


def test_python_does_not_sort_marks_in_quadratic_time(monkeypatch: pytest.MonkeyPatch) -> None:
    python = unicodedata.normalize
    unsorted: list[int] = []

    def normalize(form: Form, value: str) -> str:
        unsorted.append(_unsorted_marks(partial(python, "NFKD" if "K" in form else "NFD"), value))
        return python(form, value)

    marks = [
        char
        for char in map(chr, range(0x110000))
        if unicodedata.combining(unicodedata.normalize("NFKD", char)[0])
    ]
    monkeypatch.setattr(unicodedata, "normalize", normalize)
    for form, mark in product(FORMS, marks):
        normal_form(form, "a" + (mark + "\u0334") * 16)
    # A single character can decompose into two marks in the wrong order.
    assert max(unsorted) <= 1


# a path: how messages write it
PATHS: dict[bytes, str] = {
    b"seed/a b (1).yaml": "seed/a b (1).yaml",
    "Übersicht 'a\\b' 名.yaml".encode(): "Übersicht 'a\\b' 名.yaml",
    b"a\nb.yaml": "a\\nb.yaml",
    b"a\r\x1b[2J\x7f.yaml": "a\\r\\x1b[2J\\x7f.yaml",
    "a\u2028\u202eb.yaml".encode(): "a\\u2028\\u202eb.yaml",
    b"\xff.yaml": "\\udcff.yaml",
    b"::error::a": "./::error::a",
    b" ::error::a": "./ ::error::a",
    b"a" * 3 * MAX_QUOTED: "a" * 3 * MAX_QUOTED,
}


@pytest.mark.parametrize("path", PATHS)
def test_path_in_a_message_is_one_readable_line(path: bytes) -> None:
    assert printable(os.fsdecode(path)) == PATHS[path]
