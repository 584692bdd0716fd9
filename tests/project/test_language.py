"""The language of docstrings, comments, messages, test names and pages: plain technical English.

Words that are never needed, not even as names in code, are in `tests/data/codespell.txt`.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.support.corpus import TESTS
from tests.support.readme import PAGES, prose_of

ROOT = TESTS.parent
Function = ast.FunctionDef | ast.AsyncFunctionDef
Line = tuple[int, str]

# Add a verb if the documentation of Python or of a library uses it in the same sense.
VERBS = {
    *("Accept", "Add", "Advance", "Avoid", "Begin", "Build", "Change", "Check", "Choose"),
    *("Clean", "Close", "Collapse", "Compare", "Complete", "Compute", "Convert", "Copy"),
    *("Count", "Create", "Decode", "Delete", "Describe", "Drop", "Enclose", "Encode", "End"),
    *("Escape", "Exclude", "Export", "Fail", "Find", "Fold", "Format", "Generate", "Handle"),
    *("Ignore", "Insert", "Install", "Isolate", "Limit", "List", "Load", "Log", "Measure"),
    *("Merge", "Migrate", "Move", "Normalise", "Open", "Parse", "Percent-encode", "Prefix"),
    *("Print", "Process", "Raise", "Read", "Record", "Refuse", "Register", "Reject", "Release"),
    *("Remove", "Render", "Reorder", "Replace", "Report", "Request", "Respond", "Restrict"),
    *("Return", "Run", "Select", "Send", "Serve", "Set", "Skip", "Sort", "Split", "Start"),
    *("Stop", "Truncate", "Update", "Validate", "Verify", "Wait", "Warn", "Wrap", "Write"),
    "Yield",
}

# `given` is also a name in Hypothesis, so these are not in tests/data/codespell.txt.
BANNED = [
    r"answer(s|ed|ing)?",
    r"ask(s|ed|ing)?",
    r"be it",
    r"bears?",
    r"behind(?! (an? |the )?(reverse )?(proxy|proxies|nginx|load balancer))",
    r"but for",
    r"drawn",
    r"(gave|give[ns]?|giving)",
    r"in vain",
    r"of (its|their) own accord",
    r"so (many|much)",
    r"stands?",
    r"what is (no|not|to)",
    r"who (asks|reads|waits|writes)",
]
PHRASES = re.compile(rf"\b({'|'.join(BANNED)})\b", re.IGNORECASE)


def _sources() -> Iterator[tuple[str, str, ast.Module]]:
    """Yield the path, text and syntax tree of each of our Python files, without this one."""
    for path in sorted(ROOT.glob("[!.]*/**/*.py")):
        if path != Path(__file__) and not {".venv", "node_modules"} & {*path.parts}:
            source = path.read_text("utf-8")
            yield path.relative_to(ROOT).as_posix(), source, ast.parse(source)


def _functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def test_docstrings_begin_with_a_standard_verb() -> None:
    errors = [
        f"{name}:{function.lineno}: {docstring}"
        for name, _, tree in _sources()
        for function in _functions(tree)
        if (docstring := ast.get_docstring(function)) and docstring.split()[0] not in VERBS
        # The docstring of a property is a noun phrase, that of a test explains the test.
        if not any("property" in ast.unparse(decorator) for decorator in function.decorator_list)
        if not function.name.startswith("test_")
    ]
    assert errors == [], "\n".join(errors)


def _strings(tree: ast.Module, *, in_app: bool) -> Iterator[Line]:
    """Yield messages and docstrings of the application; elsewhere docstrings only."""
    for node in ast.walk(tree):
        value = node if in_app else node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and " " in value.value:
            yield value.lineno, value.value


def _comments(source: str) -> Iterator[Line]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _texts() -> Iterator[tuple[str, str]]:
    """Yield each text that people read, with its file and line."""
    for name, source, tree in _sources():
        lines = [*_strings(tree, in_app=name.startswith("app/")), *_comments(source)]
        lines += [(one.lineno, one.name.replace("_", " ")) for one in _functions(tree)]
        yield from ((f"{name}:{line}", text) for line, text in lines)
    for name, text in PAGES.items():
        yield name, re.sub(r"`[^`\n]+`", "", prose_of(text))
    for path in sorted((ROOT / "app" / "site").rglob("*")):
        if path.suffix in {".css", ".html", ".js"}:
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def test_no_banned_phrase_is_used() -> None:
    errors = [
        f"{place}: {text[max(match.start() - 40, 0) : match.end() + 40]!r}"
        for place, text in _texts()
        for match in PHRASES.finditer(text)
    ]
    assert errors == [], "\n".join(errors)


def test_spelling() -> None:
    codespell = Path(sys.executable).with_name("codespell")
    run = subprocess.run([codespell], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
