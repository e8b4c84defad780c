"""Files to strict data: CSV by its columns, JSON by its model; what is wrong is one sentence with file and line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ...kernel.errors import FileError
from ...kernel.near_names import did_you_mean
from ...kernel.strict_json import read_bytes, text_of

__all__ = ["check_columns", "parse_csv", "validated"]

_UTF8_MARK = b"\xef\xbb\xbf"
_OTHER_COMMAS = {";": "semicolons", "\t": "tabs", "|": "bars"}
Model = TypeVar("Model", bound=BaseModel)


def parse_csv(path: Path, columns: Sequence[str], content: bytes | None = None) -> list[tuple[int, dict[str, str]]]:
    """Return (line, row) of a CSV with exactly `columns`, in any order; blank lines are skipped.

    `content` is the file's, where it was read already. UTF-8 may begin with the mark that spreadsheets put there.
    Raises FileError for missing, unknown or repeated columns and for rows of another length.
    """
    name = str(path)
    text = text_of((read_bytes(path) if content is None else content).removeprefix(_UTF8_MARK), path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend((reader.line_num, row) for row in reader if row)
    except csv.Error:
        raise FileError(
            f"{path.name} is not CSV at this line", code="bad-csv", file=name, line=reader.line_num
        ) from None
    if not rows:
        raise FileError(f"{path.name} is empty", code="bad-csv", file=name)
    header_line, header = rows[0]
    apart = next((mark for mark in _OTHER_COMMAS if len(header) == 1 and mark in header[0]), None)
    if apart is not None:
        raise FileError(
            f"{path.name} has {_OTHER_COMMAS[apart]} between its columns",
            code="bad-csv",
            file=name,
            line=header_line,
            hint=f"save it with commas: {','.join(columns)}",
        )
    check_columns(header, columns, path.name, file=name, line=header_line)
    for line, row in rows[1:]:
        if len(row) != len(header):
            hint = "write amounts without commas" if len(row) > len(header) else None
            message = f"the row has {len(row)} fields, not {len(header)}"
            raise FileError(message, code="bad-csv", file=name, line=line, hint=hint)
    return [(line, dict(zip(header, row, strict=True))) for line, row in rows[1:]]


def check_columns(
    found: Sequence[str], wanted: Sequence[str], what: str, *, file: str | None = None, line: int | None = None
) -> None:
    """Raise FileError unless `found` is `wanted` in some order."""
    for column in wanted:
        if column not in found:
            raise FileError(
                f"{what} has no column {column!r}",
                code="missing-column",
                file=file,
                line=line,
                hint=f"the columns are {','.join(wanted)}",
            )
    for column in found:
        if column not in wanted:
            raise FileError(
                f"{what} has an unknown column {_shown(column)}",
                code="unknown-column",
                file=file,
                line=line,
                hint=did_you_mean(column, wanted),
            )
    if len(set(found)) != len(found):
        raise FileError(f"{what} has a column twice", code="duplicate-column", file=file, line=line)


def validated(model: type[Model], build: Callable[[], Model], path: Path) -> Model:
    """Return what `build` makes, pydantic's first complaint turned into one sentence about the file."""
    try:
        return build()
    except ValidationError as error:
        raise _sentence(model, error.errors(include_url=False, include_input=False), path) from None


_CODES = {
    "missing": ("missing-key", "is missing"),
    "extra_forbidden": ("unknown-key", "is not a known key"),
    "string_type": ("wrong-type", "must be a string: amounts are decimal strings, in quotes"),
    "int_type": ("wrong-type", "must be a whole number"),
    "list_type": ("wrong-type", "must be a list"),
    "tuple_type": ("wrong-type", "must be a list"),
    "dict_type": ("wrong-type", "must be an object"),
    "model_type": ("wrong-type", "must be an object"),
    "literal_error": ("wrong-value", "has an unexpected value"),
}


def _sentence(model: type[BaseModel], complaints: Sequence[ErrorDetails], path: Path) -> FileError:
    details = complaints[0]
    place = ".".join(str(part) for part in details["loc"] if part != "[key]")
    kind = details["type"]
    hint = wanted = None
    if kind in _CODES:
        code, text = _CODES[kind]
    else:
        code, text = "wrong-value", _own_words(details["msg"])
        wanted = getattr(details.get("ctx", {}).get("error"), "wanted", None)
    if details["loc"] == ("schema",):
        code, text = (code, text) if kind == "missing" else ("wrong-schema", "is not the one this file should have")
        hint = f"expected {model.model_fields['kind'].annotation.__args__[0]}"  # type: ignore[union-attr]
    if kind == "extra_forbidden":
        known = [field.alias or name for name, field in model.model_fields.items()]
        hint = did_you_mean(str(details["loc"][-1]), known) if len(details["loc"]) == 1 else None
    elif kind == "missing":
        hint = _mistyped(details, complaints) or hint
    elif kind == "literal_error" and details["loc"] != ("schema",):
        hint = f"expected {details['ctx']['expected']}"
    subject = _shown(place, 96, quote=False) if place else path.name
    return FileError(f"{subject} {text}", code=code, file=str(path), hint=hint, wanted=wanted)


def _mistyped(missing: ErrorDetails, complaints: Sequence[ErrorDetails]) -> str | None:
    """Return which unknown key beside a missing one may have been meant to be it."""
    *above, wanted = missing["loc"]
    unknown = [error["loc"] for error in complaints if error["type"] == "extra_forbidden"]
    beside = [str(loc[-1]) for loc in unknown if list(loc[:-1]) == above]
    near = did_you_mean(str(wanted), beside)
    if near is None:
        return None
    word = near.removeprefix("did you mean ").removesuffix("?")
    return f"{_shown(word)} is not a known key: did you mean {wanted}?"


def _own_words(message: str) -> str:
    """Return the sentence our validators raised, without pydantic's prefix."""
    text = message.removeprefix("Value error, ")
    return text if text != message else f"is not valid: {text[:1].lower()}{text[1:]}"


def _shown(word: object, longest: int = 48, *, quote: bool = True) -> str:
    """Return a name from a file fit for a message: printable, quoted, cut."""
    text = "".join(c if c.isprintable() else "?" for c in str(word))
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    return repr(text) if quote else text
