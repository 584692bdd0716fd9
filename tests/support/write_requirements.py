"""Creates `app/server/requirements.txt`, the locked dependencies of a server.

`python -m tests.support.write_requirements` keeps the versions that still satisfy `pyproject.toml`;
with `--upgrade`, all of them become the newest.
"""

import subprocess
import sys
import tomllib

from tests.support.corpus import TESTS

ROOT = TESTS.parent
COMMAND = ".venv/bin/python -m tests.support.write_requirements --upgrade"


def main() -> None:
    """Write the file. The arguments of the command are passed to uv."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    # One file for every Python version and platform, with the hashes of all files of a release.
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"]
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "compile", *options, *sys.argv[1:]),
            *("--custom-compile-command", COMMAND, "--no-annotate"),
            *("--output-file", "app/server/requirements.txt", "--extra", "postgresql"),
            *("pyproject.toml", "-"),
        ],
        # The build backend, so that an installation from the checkout downloads nothing else.
        input="\n".join(build),
        text=True,
        cwd=ROOT,
        check=True,
    )


if __name__ == "__main__":
    main()
