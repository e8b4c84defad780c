"""iden3's `.wtns`: a witness as 32 little-endian bytes a wire."""

from __future__ import annotations

import struct
from pathlib import Path

from .errors import FormatError
from .field import R
from .files import read_file, reading, write_file
from .sections import Sections, join_sections

__all__ = ["read_wtns", "write_wtns"]

_MAGIC = b"wtns"
_VERSION = 2
_HEADER = struct.pack("<I", 32) + R.to_bytes(32, "little")


def read_wtns(path: Path) -> bytes:
    """Return the witness of a `.wtns` file, checked: field, sizes, canonical values, the leading 1.

    Raises FileError when it cannot be read and FormatError when it is malformed.
    """
    with reading(path):
        sections = Sections(read_file(path, magic=_MAGIC), magic=_MAGIC, version=_VERSION, name="wtns")
        header = sections.get(1)
        if len(header) != len(_HEADER) + 4 or not header.startswith(_HEADER):
            raise sections.error("the wtns is not over BN254")
        witness = sections.records(2, int.from_bytes(header[-4:], "little"), 32)
        _check_values(witness)
        return witness


def write_wtns(path: Path, witness: bytes) -> None:
    """Write a witness, readable by its owner only: it holds secrets. Raises FormatError, FileError."""
    if len(witness) % 32:
        raise FormatError("the witness does not fill whole 32-byte words", code="witness-length")
    _check_values(witness)
    header = _HEADER + struct.pack("<I", len(witness) // 32)
    write_file(path, join_sections(_MAGIC, _VERSION, [(1, header), (2, witness)]), mode=0o600)


def _check_values(witness: bytes) -> None:
    if witness[:32] != (1).to_bytes(32, "little"):
        raise FormatError("the witness does not start with 1", code="witness-one")
    for at in range(0, len(witness), 32):
        if int.from_bytes(witness[at : at + 32], "little") >= R:
            raise FormatError("a witness value is not below the field's order", code="witness-not-canonical")
