"""Prepared keys: a cache beside a `.zkey` in the kernel's own layout, mapped into memory instead of read and checked.

Whoever may write it may also write the key, so the cache is believed no further than its digest: it must be a regular
file of this user or of root that nobody else can write to, and name the key by hash. It may be deleted at any time; a
stale, damaged or foreign one is replaced; where it cannot be written there is none. What keeps a wrong one from doing
harm is in the kernel (`prepared.rs`).

With AVX-512 IFMA it also holds tables of the key's points, which make the second and later proofs of a process
cheaper (`tables.rs`). `ZKMARGIN_TABLES_MIB` says how much they may take, on disk and, mapped and shared by all
processes that prove with the key, in memory: 32 MiB a key unless set, none with 0. A key whose cache was written
under another budget, and would have other tables under this one, gets a new one.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from . import _native
from .errors import EnvironmentFault
from .files import read_file, reading

__all__ = ["SUFFIX", "TABLES_VARIABLE", "discard", "load_with_cache", "prepared_path", "tables_budget"]

SUFFIX = ".prepared"
TABLES_VARIABLE = "ZKMARGIN_TABLES_MIB"
DEFAULT_MIB = 32
MAX_MIB = 1 << 20


def prepared_path(zkey: Path) -> Path:
    """Return where the cache of a key stands."""
    return zkey.with_name(zkey.name + SUFFIX)


def tables_budget() -> int:
    """Return the bytes that a key's tables may take. Raises EnvironmentFault where the variable is no number of MiB."""
    chosen = os.environ.get(TABLES_VARIABLE, "") or str(DEFAULT_MIB)
    if not (chosen.isascii() and chosen.isdecimal() and len(chosen) <= 7 and int(chosen) <= MAX_MIB):
        raise EnvironmentFault(f"{TABLES_VARIABLE} is {chosen!r}, not a number of MiB", code="bad-tables-budget")
    return int(chosen) << 20


def load_with_cache(zkey: Path, digest: bytes | None = None, *, budget: int | None = None) -> _native.ProvingKey:
    """Load a `.zkey` through its cache, which is made when there is none; `digest` is its SHA-256 where just taken.

    `budget` is the bytes its tables may take, the environment's unless given. Raises FormatError, FileError,
    EnvironmentFault.
    """
    budget = tables_budget() if budget is None else budget
    if digest is not None:
        key = _prepared(zkey, digest, budget)
        if key is not None:
            return key
    with reading(zkey):
        data = read_file(zkey, magic=b"zkey")
        found = sha256(data).digest()
        key = None if found == digest else _prepared(zkey, found, budget)
        if key is None:
            key = _native.ProvingKey.from_bytes(data)
            del data
            _keep(key, zkey, found, budget)
            key = _prepared(zkey, found, budget) or key
        return key


def discard(cache: Path) -> None:
    """Delete a cache whose tables were found damaged, so that the next load writes a whole one."""
    with contextlib.suppress(OSError):
        cache.unlink()


def _prepared(zkey: Path, digest: bytes, budget: int) -> _native.ProvingKey | None:
    """Return the key of the cache, None when there is none that may be used."""
    with contextlib.suppress(OSError), _opened(prepared_path(zkey)) as prepared, _opened(zkey) as key:
        found = os.fstat(prepared)
        ours = stat.S_ISREG(found.st_mode) and found.st_uid in (0, os.geteuid()) and not found.st_mode & 0o022
        if ours and found.st_size:
            return _native.ProvingKey.from_prepared(prepared, key, digest, budget)
    return None


def _keep(key: _native.ProvingKey, zkey: Path, digest: bytes, budget: int) -> None:
    """Write the cache under a temporary name and rename it; a folder that does not take it goes without."""
    with contextlib.suppress(OSError):
        path = prepared_path(zkey)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(descriptor)
        try:
            key.write_prepared(Path(name), digest, budget)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe under one of the names must not be waited for
    descriptor = os.open(path, flags | (os.O_NOFOLLOW if path.name.endswith(SUFFIX) else 0))
    try:
        yield descriptor
    finally:
        os.close(descriptor)
