"""Formulas in the cells of a CSV table."""

import csv
import re
from io import StringIO
from itertools import product
from pathlib import Path

from tests.support.sample_events import load_sample_events
from tests.support.server import serving

# It takes quadratic time on a text of line breaks, since each of them begins a search of its own.
# The expression of the application is linear.
QUADRATIC = re.compile(r'(^|[;\n]\s*"*)(?=[=+\-@])')


def test_formula_is_escaped_as_the_quadratic_expression_does(tmp_path: Path) -> None:
    texts = [
        f"x{''.join(signs)}x" for length in range(5) for signs in product('\n =x;"', repeat=length)
    ]
    database = load_sample_events(tmp_path, *({"summary": text} for text in texts))
    with serving(database) as client:
        rows = csv.DictReader(StringIO(client.get("/events.csv").text, newline=""))
        cells = {row["id"]: row["summary"] for row in rows}
    assert cells == {f"entry-{at}": QUADRATIC.sub(r"\1'", text) for at, text in enumerate(texts)}
