"""The clients: the commands that generate, check and run each, and the program that uses it."""

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
"""The generator. It contains Jackson, which the generated Java needs too."""

Command = Sequence[str | Path]
"""A command that runs in the folder of a client. `{document}` is the URL of the OpenAPI document
and `{server}` that of the server. `*` matches files of the folder, as in a shell."""


@dataclass(frozen=True)
class Client:
    """A client of the API, which a generator creates for a language."""

    journey: str
    """The program that uses the client and prints the data that it received."""
    generate: Command
    check: Command
    """Checks the types of the journey and of the generated code."""
    run: Command
    misuse: Mapping[str, str]
    """Replacements in the journey that are type errors: an unknown value, an unknown property, and
    a text instead of a number."""
    programs: Sequence[str] = ()
    """The programs that the commands need."""
    ignored_warnings: str = "^$"
    """A pattern of warnings that the generator prints for any document."""


_GENERATE = (BIN / "openapi-generator-cli", "generate", "-i", "{document}", "-o", ".", "-c")
_TSC = (NPM / "tsc", "--project", ".")
_MYPY = (BIN / "mypy", "--strict")
_JAVA = ("java", "-XX:TieredStopAtLevel=1", "-cp", f"{JAR}:classes")
_BETA = "OpenAPI 3.1 support is still in beta|Failed to get the schema name: null"
_TYPESCRIPT_MISUSE = {'"desc"': '"down"', "date.edtf": "date.etdf", "limit: 5": 'limit: "5"'}
_PYTHON_MISUSE = {"SortOrder.DESC": '"desc"', "date.edtf": "date.etdf", "limit=5": 'limit="5"'}

CLIENTS: Mapping[str, Client] = {
    "openapi-fetch": Client(
        journey="openapi_fetch.ts",
        generate=(NPM / "openapi-typescript", "{document}", "--output", "schema.ts"),
        check=(*_TSC, "--exactOptionalPropertyTypes"),
        run=("node", "openapi_fetch.js", "{server}"),
        misuse=_TYPESCRIPT_MISUSE,
        programs=["node"],
    ),
    "hey-api": Client(
        journey="hey_api.ts",
        generate=(
            *(NPM / "openapi-ts", "--input", "{document}", "--no-log-file"),
            *("--file", GENERATORS / "hey-api.json"),
        ),
        check=_TSC,
        run=("node", "hey_api.js", "{server}"),
        misuse=_TYPESCRIPT_MISUSE,
        programs=["node"],
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
        misuse=_PYTHON_MISUSE,
    ),
    "openapi-generator-python": Client(
        journey="pydantic_journey.py",
        generate=(*_GENERATE, GENERATORS / "openapi-generator-python.yaml"),
        # The generated code is not strict.
        check=(*_MYPY, "--follow-imports", "silent", "pydantic_journey.py"),
        run=(BIN / "python", "-W", "error", "pydantic_journey.py", "{server}"),
        misuse=_PYTHON_MISUSE,
        programs=["java"],
        ignored_warnings=f"{_BETA}|(From|Date) \\(reserved word\\)",
    ),
    "openapi-generator-java": Client(
        journey="Journey.java",
        generate=(
            *(*_GENERATE, GENERATORS / "openapi-generator-java.yaml"),
            *("--template-dir", GENERATORS / "java"),
        ),
        # The generated code uses deprecated parts of Jackson.
        check=(
            *("javac", "-Xlint:all,-deprecation", "-Werror", "-proc:none"),
            *("-cp", JAR, "-d", "classes", "Journey.java", "src/main/java/**/*.java"),
        ),
        run=(*_JAVA, "Journey", "{server}"),
        misuse={"SortOrder.DESC": '"desc"', "getEdtf": "getEtdf", "limit(5)": 'limit("5")'},
        programs=["java", "javac"],
        ignored_warnings=_BETA,
    ),
}
