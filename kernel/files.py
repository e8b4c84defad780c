"""Writing files so that no half file ever stands under its final name."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from .errors import FileError

__all__ = ["read_file", "write_file"]


def write_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write `data`: a temporary file in the same folder, flushed, then renamed over `path`.

    What exists and is not a regular file (a device, a pipe) is written directly. Raises FileError.
    """
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            path.write_bytes(data)
            return
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise FileError(f"the file cannot be written: {error.strerror}", file=str(path)) from None


def read_file(path: Path) -> bytes:
    """Return the bytes of a file; raises FileError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"the file cannot be read: {error.strerror}", file=str(path)) from None
