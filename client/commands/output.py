"""What a command says: one JSON document on stdout or text for people, one sentence for an error, one exit code.

Exit codes: 0 holds, 1 does not hold, 2 bad input or environment, 130 interrupted. No traceback ever leaves here: an
unexpected exception is reported by its kind and place, without the values it carries.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from ...kernel import kernel
from ...kernel.errors import DoesNotHold, ZkmarginError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["INTERRUPTED", "Say", "answer", "denied", "guarded", "kernel_document", "milliseconds", "note"]

INTERRUPTED = 130
Say = Callable[["Console"], None]

_real_stdout: ContextVar[TextIO | None] = ContextVar("real_stdout", default=None)


def answer(document: Mapping[str, Any], say: Say | str, *, exit_code: int | None = None) -> int:
    """Write a command's answer, the document with --json and what `say` prints otherwise; return the exit code.

    A plain line needs no console, which takes its time to load.
    """
    stream = _real_stdout.get()
    if stream is not None:
        _write(stream, json.dumps(document) + "\n")
    elif isinstance(say, str):
        _write(sys.stdout, say + "\n")
    else:
        say(_console(sys.stdout))
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
    """Write a line beside the answer, on stderr."""
    print(text, file=sys.stderr)


def denied(error: DoesNotHold, surplus: str | None = None) -> int:
    """Say that the statement does not hold, by how much where that is known; return the exit code."""
    document = {"ok": False, "reason": error.code}
    if surplus is not None:
        document["surplus"] = surplus
    if _real_stdout.get() is None:
        note(f"zkmargin: {error.message}" + (f" (surplus {surplus})" if surplus is not None else ""))
        return error.exit_code
    return answer(document, _nothing, exit_code=error.exit_code)


def guarded(command: Callable[[], int], *, as_json: bool) -> int:
    """Run a command and return its exit code; every exception becomes a sentence, or a document with --json.

    With --json, stdout belongs to the one document: what anything else prints goes to stderr.
    """
    with _stdout_for(as_json):
        try:
            code = command()
        except KeyboardInterrupt:
            return _failed({"code": "interrupted", "message": "interrupted"}, as_json, INTERRUPTED)
        except DoesNotHold as error:
            return denied(error)
        except ZkmarginError as error:
            return _failed(error.as_json(), as_json, error.exit_code)
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 2
        except BaseException as error:  # a panic of the native kernel is no Exception
            return _failed({"code": "internal", "message": _place(error)}, as_json, 2)
        return _flushed(code)


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


@contextlib.contextmanager
def _stdout_for(as_json: bool) -> Iterator[None]:
    if not as_json:
        yield
        return
    token = _real_stdout.set(sys.stdout)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        _real_stdout.reset(token)


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        _lost(stream)


def _flushed(code: int) -> int:
    """Flush what was said; an answer nobody received is no answer."""
    try:
        sys.stdout.flush()
    except OSError:
        _lost(sys.stdout)
    return code


def _lost(stream: TextIO) -> NoReturn:
    """Stop: the reader of stdout is gone, or its disk is full."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    note("zkmargin: the answer could not be written to stdout")
    raise SystemExit(2)


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    # Paths, names and messages from others' files are text: no square bracket of theirs is a style or a link.
    return Console(file=stream, highlight=False, soft_wrap=True, markup=False)


def _nothing(_: Console) -> None:
    """Print nothing: the document said it."""
