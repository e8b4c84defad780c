"""What a command says: one JSON document on stdout or text for people, one sentence for an error, one exit code.

Exit codes: 0 holds, 1 does not hold, 2 bad input or environment, 130 interrupted, 141 nobody reads the answer.
Whatever a command says on stdout is gathered and handed out here, in one piece and last, so that a reader who left and
a full disk are told from an answer. No traceback ever leaves here: an unexpected exception is reported by its kind and
place, without the values it carries.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
import textwrap
import traceback
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from ...kernel import kernel
from ...kernel.errors import DoesNotHold, ZkmarginError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["INTERRUPTED", "UNREAD", "Say", "answer", "denied", "guarded", "kernel_document", "milliseconds", "note"]

INTERRUPTED = 130
_NARROWEST, _ENDLESS = 20, 400  # columns
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
UNREAD = 141  # as the shell says of a process that SIGPIPE ended
Say = Callable[["Console"], None]


@dataclass(frozen=True)
class _Answer:
    """What will be handed out: the text gathered so far, and whether it is the document of --json."""

    text: TextIO
    as_json: bool
    terminal: bool


_answer: ContextVar[_Answer | None] = ContextVar("answer", default=None)


def answer(document: Mapping[str, Any], say: Say | str, *, exit_code: int | None = None) -> int:
    """Write a command's answer, the document with --json and what `say` prints otherwise; return the exit code.

    A plain line needs no console, which takes its time to load.
    """
    given = _answer.get()
    if given is not None and given.as_json:
        given.text.write(json.dumps(document) + "\n")
    elif isinstance(say, str):
        print(say)
    else:
        say(_console(terminal=given is not None and given.terminal))
    if exit_code is not None:
        return exit_code
    return 0 if document["ok"] else 1


def kernel_document() -> dict[str, Any]:
    """Return which kernel works, on how many threads."""
    return {"kernel": kernel().name(), "threads": kernel().threads()}


def milliseconds(timings: Mapping[str, float]) -> dict[str, float]:
    """Return times fit to be read."""
    return {name: round(value, 3) for name, value in timings.items()}


def note(text: str) -> None:
    """Write a line beside the answer, on stderr; that nobody reads it changes no answer."""
    _written(sys.stderr, _wrapped(text, columns(sys.stderr)) + "\n")


def denied(error: DoesNotHold, surplus: str | None = None) -> int:
    """Say that the statement does not hold, by how much where that is known; return the exit code."""
    document = {"ok": False, "reason": error.code}
    if surplus is not None:
        document["surplus"] = surplus
    given = _answer.get()
    if given is None or not given.as_json:
        note(f"zkmargin: {error.message}" + (f" (surplus {surplus})" if surplus is not None else ""))
        return error.exit_code
    return answer(document, _nothing, exit_code=error.exit_code)


def guarded(command: Callable[[], int], *, as_json: bool) -> int:
    """Run a command and return its exit code; every exception becomes a sentence, or a document with --json.

    With --json, stdout belongs to the one document: what anything else prints goes to stderr.
    """
    stdout, content = sys.stdout, io.BytesIO()
    # With a buffer below: a PySNARK program may write bytes to its stdout.
    gathered = io.TextIOWrapper(content, "utf-8", "surrogatepass", newline="", write_through=True)
    token = _answer.set(_Answer(gathered, as_json, _is_terminal(stdout)))
    try:
        with contextlib.redirect_stdout(_Beside() if as_json else gathered):
            code = _outcome(command, as_json)
    finally:
        _answer.reset(token)
    return _handed_out(stdout, content.getvalue().decode("utf-8", "replace"), code, as_json=as_json)


def _outcome(command: Callable[[], int], as_json: bool) -> int:
    try:
        return command()
    except KeyboardInterrupt:
        return _failed({"code": "interrupted", "message": "interrupted"}, as_json, INTERRUPTED)
    except DoesNotHold as error:
        return denied(error)
    except ZkmarginError as error:
        code = _failed(error.as_json(), as_json, error.exit_code)
        if error.wanted is not None and _is_terminal(sys.stderr):  # an amount: not for a log
            note(f"  write {error.wanted}")
        return code
    except SystemExit as error:
        # A library that gives up says 1; here that would be an answer.
        return error.code if isinstance(error.code, int) and error.code != 1 else 2
    except BaseException as error:  # a panic of the native kernel is no Exception
        return _failed({"code": "internal", "message": _place(error)}, as_json, 2)


def _handed_out(stdout: TextIO | None, text: str, code: int, *, as_json: bool) -> int:
    """Write the whole answer and return the exit code: an answer that nobody received is no answer."""
    try:
        lost = _written(stdout, text if as_json else _wrapped(text, columns(stdout)))
    except KeyboardInterrupt:
        return INTERRUPTED
    if lost is None:
        return code
    note("zkmargin: nobody reads the answer" if lost == UNREAD else "zkmargin: the answer could not be written")
    return lost


def _failed(error: dict[str, Any], as_json: bool, exit_code: int) -> int:
    """Say what went wrong and where."""
    if as_json:
        return answer({"ok": False, "error": error}, _nothing, exit_code=exit_code)
    place = ":".join(str(error[key]) for key in ("file", "line") if key in error)
    hint = f" ({error['hint']})" if "hint" in error else ""
    note(f"zkmargin: {f'{place}: ' if place else ''}{error['message']}{hint}")
    return exit_code


def _place(error: BaseException) -> str:
    """Return the kind of an unexpected exception and the last of our lines it passed, and nothing it says."""
    root = Path(__file__).resolve().parents[2]
    place = ""
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename).resolve()
        if path.is_relative_to(root) and path.relative_to(root).parts[0] in _ROOMS:
            place = f" at {path.relative_to(root)}:{frame.lineno}"
    return f"an unexpected {type(error).__name__}{place}: please report it"


_ROOMS = {"kernel", "contracts", "circuits", "verifier", "prover", "client"}


class _Beside(io.TextIOBase):
    """What is printed beside a document: it goes to stderr, read or not."""

    @property
    def buffer(self) -> BinaryIO:
        """Return what takes bytes below stderr."""
        return sys.stderr.buffer

    def write(self, text: str) -> int:
        """Write to stderr."""
        _written(sys.stderr, text)
        return len(text)


def _written(stream: TextIO | None, text: str) -> int | None:
    """Write to a stream; return the exit code that its failure asks for, None when all went well."""
    if not text:
        return None
    if stream is None:  # closed before the process began
        return UNREAD
    try:
        stream.write(text)
        stream.flush()
    except UnicodeEncodeError as error:
        return _written(stream, text.encode(error.encoding, "backslashreplace").decode(error.encoding))
    except (OSError, ValueError) as error:  # ValueError: the stream is closed
        _silence(stream)
        return 2 if isinstance(error, OSError) and not isinstance(error, BrokenPipeError) else UNREAD
    return None


def _silence(stream: TextIO) -> None:
    """Lead a stream to nowhere: what it still holds would fail again when the process ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def columns(stream: TextIO | None) -> int | None:
    """Return how wide a reader's terminal is, None where a line may be as long as it likes: in a file or a pipe."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said) >= _NARROWEST:
        return int(said)
    if stream is not None and _is_terminal(stream):
        with contextlib.suppress(OSError, ValueError):
            found = os.get_terminal_size(stream.fileno()).columns  # 0 where nobody said
            return max(_NARROWEST, found) if found else None
    return None


def _wrapped(text: str, width: int | None) -> str:
    """Break lines at spaces where a terminal would break words; a hash or a path, to be copied, is never broken."""
    if width is None:
        return text
    lines = []
    for line in text.split("\n"):
        if len(_STYLE.sub("", line)) <= width:
            lines.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())] + "  "
        broken = textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        lines += broken or [line]
    return "\n".join(lines)


def _is_terminal(stream: TextIO | None) -> bool:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return stream is not None and stream.isatty()
    return False


def _console(*, terminal: bool) -> Console:
    from rich.console import Console

    # Paths, names and messages from others' files are text: no square bracket of theirs is a style or a link.
    return Console(
        file=sys.stdout,
        width=columns(sys.__stdout__) or _ENDLESS,
        highlight=False,
        soft_wrap=True,
        markup=False,
        force_terminal=terminal or None,
    )


def _nothing(_: Console) -> None:
    """Print nothing: the document said it."""
