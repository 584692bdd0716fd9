"""The template of a dossier, for `timeline new`."""

from pathlib import Path

from app.domain.topics import topic_id
from app.dossiers.reader import YAML_SUFFIXES

TEMPLATE = Path(__file__).with_name("template.yaml")
_ID = "id: my-timeline"


class TemplateError(Exception):
    """The template cannot be written to this path; the message says why."""


def write_template(path: Path) -> None:
    """Write a dossier with an example and comments; raise TemplateError if the file exists.

    The timeline is named after the file.
    """
    if path.suffix.lower() not in YAML_SUFFIXES:
        raise TemplateError(f"{path}: The template is YAML. Write to a .yaml file.")
    text = TEMPLATE.read_text("utf-8")
    id_ = topic_id(path.stem)
    if id_ and id_ != "null":  # which YAML reads as no value
        text = text.replace(_ID, f"id: {id_}")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise TemplateError(f"{path}: It exists already. Name a new file.") from None
