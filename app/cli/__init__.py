"""The `timeline` command. It begins here, so that closed outputs and Ctrl-C are handled first."""

import io
import multiprocessing
import signal
import sys
from typing import NoReturn

# The first code of ours in a worker. Ctrl-C also reaches workers, where it would be a traceback
# while they import modules. The parent stops them, and uvicorn handles the signal later.
if multiprocessing.current_process().name != "MainProcess":
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def main() -> None:
    """Run the command of the arguments."""
    _require_open_outputs()
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # set by shells in the background
        signal.signal(signal.SIGINT, _exit)
    # Takes a second. At the top, it would begin before Ctrl-C is handled.
    from app.cli.commands import app  # noqa: PLC0415

    app()


def _exit(number: int, _: object) -> NoReturn:
    sys.stderr.write("Interrupted.\n")
    sys.exit(128 + number)


def _require_open_outputs() -> None:
    """Raise SystemExit if an output is closed: the next file that is opened would get its number.

    What is written to the output would then end up in the database, or at a client.
    """
    outputs = {"standard output": sys.stdout, "standard error": sys.stderr}
    for name, output in outputs.items():
        if output is None:
            message = f"{name}: It is closed. Redirect it, for example to /dev/null.\n"
            if other := sys.stderr or sys.stdout:
                other.write(message)
            sys.exit(1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # As standard error does. What a terminal cannot show is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
