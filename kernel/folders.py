"""A folder of files that belong together: written so that it appears at once, read so that none is of another writing.

Files are written beside the folder and the whole is renamed. Where the folder stands already the two change places in
one step of the file system; where that is not to be had (other systems than Linux, some network disks) the old one is
moved aside first, and for that moment nothing stands under the name. Never do files of two writings stand there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import FileError
from .files import opened, settle
from .strict_json import LARGEST_FILE

__all__ = ["check_replaceable", "read_folder", "write_folder"]

_AT_FDCWD = -100
_EXCHANGE = 2  # RENAME_EXCHANGE
_ATTEMPTS = 100


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Make `path` a folder of exactly these files, mode 0600, all at once; an older one of the same files goes.

    Raises FileError when it cannot be written, or holds anything else (`check_replaceable`).
    """
    check_replaceable(path, files)
    path = path.resolve()  # a link to a folder keeps leading to it
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        made.mkdir()
    except OSError as error:
        raise FileError(f"the folder cannot be made: {error.strerror}", code="unwritable", file=str(path)) from None
    try:
        for name, data in files.items():
            _write(made / name, data)
        settle(made)
        _put(made, path, files)
        settle(path.parent)
    except OSError as error:
        raise FileError(f"the folder cannot be written: {error.strerror}", code="unwritable", file=str(path)) from None
    finally:
        _remove(made, files)


def check_replaceable(path: Path, names: Mapping[str, bytes] | Sequence[str]) -> None:
    """Raise FileError when something stands at `path` that writing these files as a folder would take away."""
    try:
        other = sorted(set(os.listdir(path)) - set(names))
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise FileError("the folder is a file", code="unwritable", file=str(path)) from None
    except OSError as error:
        raise FileError(f"the folder cannot be read: {error.strerror}", code="unwritable", file=str(path)) from None
    if other:
        raise FileError(
            f"the folder holds {other[0]}, and is replaced as a whole",
            code="folder-in-use",
            file=str(path),
            hint="choose a folder of its own",
        )


def read_folder(path: Path, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, bytes]:
    """Return the bytes of a folder's files, all of one writing, whoever replaces the folder meanwhile.

    `optional` files may be absent. Raises FileError when another is, or one cannot be read or is too large.
    """
    for _ in range(_ATTEMPTS):
        with contextlib.ExitStack() as held:
            try:
                folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            except OSError as error:
                raise _missing(path / names[0], error) from None
            held.callback(os.close, folder)
            found: dict[str, bytes] = {}
            absent: OSError | None = None
            for name in (*names, *optional):
                try:
                    found[name] = _read(folder, name, path / name)
                except FileNotFoundError as error:
                    if name in names:
                        absent = error
            if len(found) == len(names) + len(optional) or _stands(folder, path):
                if absent is not None:
                    raise _missing(path / next(name for name in names if name not in found), absent)
                return found
    raise FileError("the folder is replaced again and again", code="unreadable", file=str(path))


def _read(folder: int, name: str, path: Path) -> bytes:
    """Return a file's bytes. Raises FileNotFoundError, FileError."""
    try:
        with opened(path, folder=folder) as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FileError(f"{name} cannot be read: {error.strerror}", code="unreadable", file=str(path)) from None
    if len(data) > LARGEST_FILE:
        raise FileError(f"{name} is larger than {LARGEST_FILE >> 20} MiB", code="too-large", file=str(path))
    return data


def _stands(folder: int, path: Path) -> bool:
    """Whether the folder that was opened is the one that stands at `path` now."""
    try:
        return os.path.samestat(os.fstat(folder), os.stat(path))
    except OSError:
        return False


def _missing(path: Path, error: OSError) -> FileError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return FileError(f"there is no file {path.name}", code="no-such-file", file=str(path))
    return FileError(f"{path.name} cannot be read: {error.strerror}", code="unreadable", file=str(path))


def _write(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _put(made: Path, path: Path, names: Mapping[str, bytes]) -> None:
    """Rename `made` to `path`; what stood there stands at `made` afterwards, or in its shadow."""
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(FileNotFoundError):  # somebody else is between the two steps
            if _renamed(made, path) or _exchange(made, path):
                return
            _emptied(_shadow(made), names)
            os.rename(path, _shadow(made))
            try:
                if _renamed(made, path):
                    return
            except OSError:
                os.rename(_shadow(made), path)
                raise
    raise OSError(errno.EBUSY, "it is replaced again and again")


def _renamed(made: Path, path: Path) -> bool:
    """Rename a folder to a name where nothing or an empty folder stands; False where more does. Raises OSError."""
    try:
        os.rename(made, path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True


def _exchange(first: Path, second: Path) -> bool:
    """Let two folders change places in one step; False where the system cannot. Raises OSError."""
    import ctypes  # seldom needed, and slow to load

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    if rename(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP):
        return False
    raise OSError(number, os.strerror(number))


def _shadow(made: Path) -> Path:
    return made.with_name(f"{made.name}.old")


def _remove(made: Path, names: Mapping[str, bytes]) -> None:
    """Remove what is left of a writing, unless something else has come into it."""
    _emptied(made, names)
    _emptied(_shadow(made), names)


def _emptied(folder: Path, names: Mapping[str, bytes]) -> None:
    with contextlib.suppress(OSError):
        for name in names:
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
