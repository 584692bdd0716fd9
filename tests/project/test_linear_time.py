"""Every regular expression takes linear time on its worst input.

`re` backtracks, and holds the GIL meanwhile: a text of some thousand characters could stop a server
for minutes. https://owasp.org/www-community/attacks/Regular_expression_Denial_of_Service_-_ReDoS
"""

import ast
import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import regex

import app
from app.domain import analyzer
from tests.support.regex_steps import count_steps, match_end

# where a regular expression is: how it is used, and its worst input, as a text before a repeated
# text, the repeated text, and a text after it that prevents a match.
#
# To find the worst input, repeat what two parts of the expression can match, one after the other.
WORST_INPUTS: dict[str, tuple[str, str, str, str]] = {
    "app.api.openapi.operation_id": ("sub", "", "_", "!"),
    "app.api.problems._parameter_error": ("findall", "", "'", "!"),
    "app.db.backups.rotate_backups": ("fullmatch", "x", "x", "!"),
    "app.db.sqlite.schema._normalised": ("sub", "", ' "`', "!"),
    "app.domain.analyzer.GERSHAYIM": ("sub", "", 'a"', "!"),
    "app.domain.edtf._POINT": ("fullmatch", "", "2021-", "!"),
    "app.domain.edtf._SET": ("fullmatch", "[", "..", "!"),
    "app.domain.search_terms._TERM": ("findall", "", "«", "!"),
    "app.domain.text.CONTROLS": ("sub", "", "\n", "!"),
    "app.domain.text._MARKS": ("search", "", "\u0301" * 31 + "a", ""),
    "app.domain.topics._ID": ("fullmatch", "", "a-", "!"),
    "app.dossiers.messages._invalid_characters": ("search", "", "a", "!"),
    "app.dossiers.messages._rewrite": ("fullmatch", "", "a-", "!"),
    "app.dossiers.parsing._TOKEN": ("finditer", '"', '\\"', "!"),
    "app.dossiers.parsing._explain": ("search", "", "simple ke", "!"),
    "app.dossiers.reader._JsonLinesFile._KIND": ("match", "", " ", "!"),
    "app.dossiers.reader.is_id": ("fullmatch", "", "a-", "!"),
    "app.formats.atom._NOT_XML": ("sub", "", "\x00", "!"),
    "app.formats.csv._FORMULA": ("sub", "x", "\n", "x"),
    "app.formats.ics._Text.to_ical": ("sub", "", "\\", "!"),
    "app.query.pagination._position": ("fullmatch", "", "a", "!"),
    "app.schemas.fields._DIRECTIONAL": ("findall", "", "\u202e", "!"),
    "app.schemas.fields._normalized": ("sub", "", "\r", "!"),
    "app.schemas.params": ("sub", "", "?P<a", "!"),
    "app.schemas.params._MOMENT": ("fullmatch", "2021-11-03T00:00:00.", "0", "!"),
    "app.schemas.params._TIMESTAMP": ("fullmatch", "2021-11-03T00:00:00.", "0", "!"),
    "app.schemas.params._date_bound": ("fullmatch", "", "1-", "!"),
    "app.schemas.params._integer": ("fullmatch", "-", "1", "!"),
    "app.server.access_log._REQUEST_ID": ("fullmatch", "", "a", "!"),
    "app.server.conditional._ETAG": ("findall", "", 'W/"', "!"),
    "app.server.content_coding._COMPRESSIBLE": ("match", "application/", "x", "!"),
    "app.server.content_coding._WEIGHT": ("fullmatch", "0.", "0", "!"),
    "app.server.content_coding._negotiate": ("sub", "", " ", "!"),
    "app.server.logging._CONTROLS": ("sub", "", "\x1b", "!"),
    "app.server.request_info._HOST": ("fullmatch", "", "1:", "!"),
    "app.settings._AMBIGUOUS_ESCAPE": ("sub", "", "%", "!"),
    "app.settings._HOST_NAME": ("fullmatch", "", "a.", "!"),
    "app.settings._POSTGRESQL_URL": ("fullmatch", "postgresql://", "a,", "!"),
    "app.settings._matches.check": ("fullmatch", "", "/a@", " "),
    "app.site.routes.get_asset": ("sub", "", "-0123456", "!"),
}
# the names that an expression in a function contains: examples of their values
EXAMPLES: dict[str, list[dict[str, str]]] = {
    "app.db.backups.rotate_backups": [{"name": "x", "suffix": ".db"}],
    "app.settings._matches.check": [
        {"pattern": pattern}
        for pattern in (r"(/[^/?#\s]+)+", r"https?://[!-~]+", r"[^@\s]+@[^@\s]+")
    ],
}

METHODS = {
    f"re.{method}": method
    for method in ("match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")
}

Expression = tuple[re.Pattern[Any], str]
"""A regular expression with the method that is called; empty if it is compiled for later."""


@cache
def modules() -> dict[str, tuple[ModuleType, ast.Module]]:
    """Return each module of the application with its syntax tree."""
    names = [info.name for info in pkgutil.walk_packages(app.__path__, "app.")]
    imported = {name: importlib.import_module(name) for name in names}
    return {
        name: (module, ast.parse(Path(str(module.__file__)).read_text("utf-8")))
        for name, module in imported.items()
    }


def _patterns(value: object) -> Iterator[re.Pattern[Any]]:
    """Yield the compiled expressions in a value."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from _patterns([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _patterns(part)


def _attributes(name: str, module: ModuleType, tree: ast.Module) -> Iterator[tuple[str, object]]:
    """Yield the values that a module and its classes define, without those that they import."""
    stored = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for key, value in vars(module).items():
        if key in stored:
            yield f"{name}.{key}", value
        if isinstance(value, type) and value.__module__ == name:
            yield from ((f"{name}.{key}.{inner}", one) for inner, one in vars(value).items())


def _inline(
    name: str, module: ModuleType, tree: ast.AST, place: str = ""
) -> Iterator[tuple[str, Expression]]:
    """Yield the expressions that functions compile, and those that are used without a name."""
    for node in ast.iter_child_nodes(tree):
        scope = place
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            scope = f"{place}.{node.name}"
        yield from _inline(name, module, node, scope)
        function = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        # What a module or a class compiles is one of its attributes.
        if function in METHODS or (function == "re.compile" and _is_function(module, place)):
            for values in EXAMPLES.get(name + place, [{}]):
                pattern = eval(ast.unparse(node.args[0]), {**vars(module), **values})  # type: ignore[attr-defined] # noqa: S307 - our own code
                yield name + place, (re.compile(pattern), METHODS.get(function, ""))


def _is_function(module: ModuleType, place: str) -> bool:
    """Return whether a place in a module is in a function."""
    return bool(place) and not isinstance(getattr(module, place[1:], None), type)


@cache
def expressions() -> dict[str, list[Expression]]:
    """Return every regular expression of the application by its place."""
    found = defaultdict[str, list[Expression]](list)
    for name, (module, tree) in modules().items():
        for place, value in _attributes(name, module, tree):
            found[place] += [(pattern, "") for pattern in _patterns(value)]
        for place, expression in _inline(name, module, tree):
            found[place].append(expression)
    return {place: patterns for place, patterns in found.items() if patterns}


def test_each_regular_expression_has_a_worst_input() -> None:
    assert sorted(expressions()) == sorted(WORST_INPUTS)


def _steps(place: str, repetitions: int) -> list[int]:
    method, before, repeated, after = WORST_INPUTS[place]
    text = before + repeated * repetitions + after
    return [count_steps(pattern, method, text) for pattern, _ in expressions()[place]]


@pytest.mark.parametrize("place", WORST_INPUTS)
def test_regular_expression_takes_linear_time(place: str) -> None:
    assert {used for _, used in expressions()[place]} <= {"", WORST_INPUTS[place][0]}
    for small, medium, large in zip(
        *(_steps(place, number) for number in (8, 16, 32)), strict=True
    ):
        # Twice the text adds twice the steps. If time were quadratic, it would add four times.
        assert large - medium <= 2.2 * (medium - small) + 1


@pytest.mark.parametrize("place", WORST_INPUTS)
def test_engine_that_counts_finds_the_same_as_python(place: str) -> None:
    _, before, repeated, after = WORST_INPUTS[place]
    for pattern, _ in expressions()[place]:
        for text in (
            before,
            repeated,
            before + repeated * 3 + after,
            "2021-11",
            "text/json",
            "é ü",
        ):
            is_bytes = isinstance(pattern.pattern, bytes)
            match = pattern.match(text.encode("latin-1") if is_bytes else text)
            assert match_end(pattern, text) == (match and match.end())


# an expression and an input on which it is not linear
SLOW: dict[str, tuple[str, str, str, str]] = {
    r'(^|[;\n]\s*"*)(?=[=])': ("sub", "x", "\n", "x"),
    r"[^@\s]+@[^@\s]+": ("search", "", "a", "!"),
    r"(a+)+b": ("match", "", "aa", "!"),
    r"a*?a*?b": ("fullmatch", "", "a", "!"),
}


@pytest.mark.parametrize("pattern", SLOW)
def test_steps_of_a_slow_expression_grow_faster(pattern: str) -> None:
    method, before, repeated, after = SLOW[pattern]
    small, medium, large = (
        count_steps(re.compile(pattern), method, before + repeated * number + after)
        for number in (2, 4, 8)
    )
    assert large - medium > 2.5 * (medium - small)


POSSESSIVE = {
    f"app.domain.analyzer.{name}": getattr(analyzer, name)
    for name in ("_WORD", "_WORD_OF_ONE_LETTER", "_RUN", "_INVISIBLE", "_DIACRITICS", "_DIGIT")
}
"""The expressions of the library `regex`, whose steps cannot be counted."""


def test_each_expression_of_the_library_regex_is_tested() -> None:
    found = {
        place
        for name, (module, tree) in modules().items()
        for place, value in _attributes(name, module, tree)
        if isinstance(value, regex.Pattern)
    }
    assert found == POSSESSIVE.keys()


@pytest.mark.parametrize("place", POSSESSIVE)
def test_expression_of_the_library_regex_does_not_backtrack(place: str) -> None:
    quantifiers = re.findall(
        r"(?<!\()[*+?}]+", re.sub(r"\\[pP]{[\w=]+}", "x", POSSESSIVE[place].pattern)
    )
    assert {quantifier[1:] for quantifier in quantifiers} <= {"+"}
    # If one took quadratic time, this would not end.
    for repeated in ("1", "é", "e\u0301", "\u0301", "中", "ק\u05b0", "\u200d", "1中"):
        POSSESSIVE[place].sub("", repeated * 200_000 + "!")


def test_patterns_of_models_use_the_linear_engine() -> None:
    """Pydantic's own engine, in Rust, is linear, but a model can choose `python-re`."""
    assert not [
        name
        for name, (_, tree) in modules().items()
        if "python-re" in {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    ]
