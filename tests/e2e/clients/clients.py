"""The clients: how each is generated, how its types are checked, and the program that uses it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
JOURNEYS = HERE / "journeys"
NPM = HERE / "node_modules" / ".bin"
VENV = HERE / ".venv"
BIN = VENV / "bin"
GENERATORS = HERE / "generators"
JAR = next(VENV.glob("lib/*/site-packages/openapi_generator_cli/*.jar"), VENV)
"""Generates, and carries what the Java that it generates needs: Jackson."""

Command = Sequence[str | Path]
"""Runs in a folder of its own. `{document}` is the URL of the document, `{server}` that of the
server, and `*` stands for files of the folder, as in a shell."""


@dataclass(frozen=True)
class Client:
    """A client of the API, that one generator makes for one language."""

    journey: str
    """The program that uses it, and prints what it met."""
    generate: Command
    check: Command
    """Fails where the journey, or what is generated, uses a type in a wrong way."""
    run: Command
    misuse: Mapping[str, str]
    """Replaced so in the journey, it chooses what is no choice, reads a member that there is not,
    and limits by a text."""
    needs: Sequence[str] = ()
    forgiven: str = "^$"
    """Warnings that are the generator's own: any document brings them."""


_GENERATE = (BIN / "openapi-generator-cli", "generate", "-i", "{document}", "-o", ".", "-c")
_TSC = (NPM / "tsc", "--project", ".")
_MYPY = (BIN / "mypy", "--strict")
_JAVA = ("java", "-XX:TieredStopAtLevel=1", "-cp", f"{JAR}:classes")
_OWN = "OpenAPI 3.1 support is still in beta|Failed to get the schema name: null"
_MISUSED_BY_SCRIPT = {'"desc"': '"down"', "date.edtf": "date.etdf", "limit: 5": 'limit: "5"'}
_MISUSED_BY_PYTHON = {"SortOrder.DESC": '"desc"', "date.edtf": "date.etdf", "limit=5": 'limit="5"'}

CLIENTS: Mapping[str, Client] = {
    "openapi-fetch": Client(
        journey="openapi_fetch.ts",
        generate=(NPM / "openapi-typescript", "{document}", "--output", "schema.ts"),
        check=(*_TSC, "--exactOptionalPropertyTypes"),
        run=("node", "openapi_fetch.js", "{server}"),
        misuse=_MISUSED_BY_SCRIPT,
        needs=["node"],
    ),
    "hey-api": Client(
        journey="hey_api.ts",
        generate=(
            *(NPM / "openapi-ts", "--input", "{document}", "--no-log-file"),
            *("--file", GENERATORS / "hey-api.json"),
        ),
        check=_TSC,
        run=("node", "hey_api.js", "{server}"),
        misuse=_MISUSED_BY_SCRIPT,
        needs=["node"],
    ),
    "openapi-python-client": Client(
        journey="attrs_journey.py",
        generate=(
            *(BIN / "openapi-python-client", "generate", "--url", "{document}"),
            *("--meta", "none", "--output-path", "attrs_client", "--fail-on-warning"),
            *("--config", GENERATORS / "openapi-python-client.yaml"),
        ),
        check=(*_MYPY, "attrs_client", "attrs_journey.py"),
        run=(BIN / "python", "-W", "error", "attrs_journey.py", "{server}"),
        misuse=_MISUSED_BY_PYTHON,
    ),
    "openapi-generator-python": Client(
        journey="pydantic_journey.py",
        generate=(*_GENERATE, GENERATORS / "openapi-generator-python.yaml"),
        # What is generated is not strict.
        check=(*_MYPY, "--follow-imports", "silent", "pydantic_journey.py"),
        run=(BIN / "python", "-W", "error", "pydantic_journey.py", "{server}"),
        misuse=_MISUSED_BY_PYTHON,
        needs=["java"],
        forgiven=f"{_OWN}|(From|Date) \\(reserved word\\)",
    ),
    "openapi-generator-java": Client(
        journey="Journey.java",
        generate=(
            *(*_GENERATE, GENERATORS / "openapi-generator-java.yaml"),
            *("--template-dir", GENERATORS / "java"),
        ),
        # What is generated uses parts of Jackson that are deprecated.
        check=(
            *("javac", "-Xlint:all,-deprecation", "-Werror", "-proc:none"),
            *("-cp", JAR, "-d", "classes", "Journey.java", "src/main/java/**/*.java"),
        ),
        run=(*_JAVA, "Journey", "{server}"),
        misuse={"SortOrder.DESC": '"desc"', "getEdtf": "getEtdf", "limit(5)": 'limit("5")'},
        needs=["java", "javac"],
        forgiven=_OWN,
    ),
}
