"""Pydantic's validation errors in our own words."""

from pydantic_core import ErrorDetails

from app.domain.text import quote

# Our message for each error type; Pydantic's context fills the names in braces.
# https://docs.pydantic.dev/latest/errors/validation_errors/
_MESSAGES = {
    "bool_parsing": "{value} is not a boolean. Write true or false.",
    "finite_number": "{value} is not a finite number. Write digits only: 2500000.",
    "float_parsing": "{value} is not a number. Write digits only: 2500000.",
    "greater_than_equal": "{value} is too small. The minimum is {ge:.16g}.",
    "int_parsing": "{value} is not a whole number. Write one such as {example}.",
    "int_parsing_size": "{value} is too large. Write a smaller number.",
    "less_than_equal": "{value} is too large. The maximum is {le:.16g}.",
    "list_type": "It is not a list. Write it in brackets, even a single item.",
    "literal_error": "{value} is not allowed. Write {expected}.",
    "missing": "It is missing. Add it.",
    "string_too_long": "{value} is too long. Write at most {max_length} characters.",
    "string_too_short": "It is empty. Write a value or leave it out.",
    "too_long": "It is repeated {actual_length} times. Repeat it at most {max_length} times.",
    "value_error": "{error}",
}


def repeat_hint(parameter: str, value: object) -> str:
    """Return how to send several values, if a value may be several with commas; else nothing."""
    values = [part.strip() for part in str(value).split(",")]
    if len(values) < 2:
        return ""
    # An example, because a name may need percent-encoding.
    is_plain = all(part.isascii() and part.isalnum() for part in values)
    pairs = [f"{parameter}={part if is_plain else '…'}" for part in values[:2]]
    return f" To send several values, repeat the parameter: {'&'.join(pairs)}."


def validation_message(error: ErrorDetails, example: object = 50) -> str:
    """Return our message for one of Pydantic's errors; of an unknown type, Pydantic's own.

    `example` is a valid whole number.
    """
    if error["type"] not in _MESSAGES:
        return f"{quote(error['input'])}: {error['msg']}."
    message, context = _MESSAGES[error["type"]], error.get("ctx", {})
    # Other input may be nested too deeply for `str`, which would raise RecursionError.
    value = quote(error["input"]) if "{value}" in message else ""
    return message.format(value=value, example=example, **context)
