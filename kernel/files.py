"""Files in and out: every error says which one, and no half file ever stands under its final name."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .errors import FileError, FormatError

__all__ = ["memory", "opened", "read_file", "read_whole", "reading", "settle", "write_file"]

_PIECE = 1 << 20
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


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


def read_file(path: Path, *, limit: int | None = None, magic: bytes = b"") -> bytes:
    """Return the bytes of a regular file of at most `limit` bytes, by default as many as the machine has of memory.

    `magic` is what a file of its kind begins with: another file is left alone after as many bytes, whatever its size.
    Raises FileError, and FormatError (code "bad-format") for another magic.
    """
    with reading(path):
        return read_whole(path, limit, magic)


def read_whole(path: Path, limit: int | None = None, magic: bytes = b"") -> bytes:
    """Read as `read_file` does. Raises OSError where the system refuses, FileError, FormatError."""
    most = memory() if limit is None else limit
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise _too_large(path, size, most)
        if os.pread(file.fileno(), len(magic), 0) != magic:
            raise FormatError(f"this is not a {magic.decode()} file")
        content = file.read(size + 1)
        # What the system writes as it is read (/proc) has no size: read on in pieces, up to the limit.
        while len(content) <= most and (more := file.read(_PIECE)):
            content += more
    if len(content) > most:
        raise _too_large(path, None, most)
    return content


@contextlib.contextmanager
def opened(path: Path, *, folder: int | None = None) -> Iterator[BinaryIO]:
    """Open a regular file to be read. Raises OSError, and FileError (code "unreadable") for anything else.

    With `folder`, the descriptor of an open folder, the file of that name in it is opened, whatever stands at `path`.

    A pipe that nobody writes into would be waited for, a device would never end, so neither is waited for or read.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    descriptor = os.open(path, flags) if folder is None else os.open(path.name, flags, dir_fd=folder)
    try:
        kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
        if kind != stat.S_IFREG:
            raise FileError(
                f"{path.name or path} is {_KINDS.get(kind, 'something else')}, not a file",
                code="unreadable",
                file=str(path),
                hint=None if kind == stat.S_IFDIR else "write its content into a file first",
            )
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def memory() -> int:
    """Return the bytes of memory this machine has: no file that is read whole may be larger."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


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


def _too_large(path: Path, size: int | None, most: int) -> FileError:
    found = "more" if size is None else f"{size >> 20:,} MiB"
    return FileError(
        f"{path.name} is too large to be read: {found}, at most {most >> 20:,} MiB", code="too-large", file=str(path)
    )
