"""Pydantic's validation errors in our own words."""

from pydantic_core import ErrorDetails

from app.domain.text import quote

# What Pydantic finds wrong with a value, in our words; it gives the context in braces itself.
# https://docs.pydantic.dev/latest/errors/validation_errors/
_DETAILS = {
    "extra_forbidden": "it is not known here; remove it or correct it",
    "greater_than_equal": "{given} is too small; give {ge:.16g} or more",
    "int_parsing": "{given} is not a whole number",
    "int_parsing_size": "{given} is too large",
    "less_than_equal": "{given} is too large; give {le:.16g} or less",
    "literal_error": "{given} is not known; give {expected}",
    "string_pattern_mismatch": "{given} is not of the form {pattern}",
    "string_too_long": "{given} is too long; give at most {max_length} characters",
    "string_too_short": "it is empty; give a value or leave it out",
    "too_long": "it is given {actual_length} times; give it at most {max_length} times",
    "missing": "it is missing",
    "list_type": "it is not a list; write it in brackets, even if it is one",
    "finite_number": "{given} is too large",
    "float_parsing": "{given} is not a number; write it in digits alone, as 2500000",
    "value_error": "{error}",
}


def validation_message(error: ErrorDetails) -> str:
    """Say in our words what Pydantic found wrong with a value."""
    if error["input"] is None:
        return "it is empty; give a value or leave it out"
    if error["type"] not in _DETAILS:
        return f"{quote(error['input'])}: {error['msg']}"
    detail, context = _DETAILS[error["type"]], error.get("ctx", {})
    # It is written out only where it is shown: it may be nested too deeply for that.
    given = quote(error["input"]) if "{given}" in detail else ""
    return detail.format(given=given, **context)
