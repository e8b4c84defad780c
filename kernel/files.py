"""Files in and out: every error says which one, and no half file ever stands under its final name."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .errors import FileError, FormatError

__all__ = ["read_file", "reading", "settle", "write_file"]


def write_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write `data`: a temporary file in the same folder, flushed, then renamed over `path`, the name flushed too.

    What exists and is not a regular file (a device, a pipe) is written directly, unless it is a pipe that somebody
    else has laid there. Raises FileError.
    """
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            _write_through(path, data)
            return
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.replace(name, path)
            settle(path.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise FileError(f"the file cannot be written: {error.strerror}", file=str(path)) from None


def settle(folder: Path) -> None:
    """Flush a folder's names, so that a file written before another survives a power cut if the other does."""
    with contextlib.suppress(OSError):  # a folder that cannot be read, a file system without it
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_through(path: Path, data: bytes) -> None:
    """Write into a device or a pipe; its owner is looked at once it is open."""
    with open(path, "wb") as file:
        found = os.fstat(file.fileno())
        if stat.S_ISFIFO(found.st_mode) and found.st_uid not in (0, os.geteuid()):
            raise FileError("the file is somebody else's pipe", file=str(path))
        file.write(data)


def read_file(path: Path) -> bytes:
    """Return the bytes of a file; raises FileError."""
    with reading(path):
        return path.read_bytes()


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what fails while `path` is read into a FileError, and name it in every FormatError."""
    try:
        yield
    except OSError as error:
        raise FileError(f"the file cannot be read: {error.strerror or error}", file=str(path)) from None
    except FormatError as error:
        error.file = error.file or str(path)
        raise
