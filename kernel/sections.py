"""iden3's container of binary files: magic, version, then sections of (type, size, bytes) in any order."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from .errors import FormatError

__all__ = ["Sections", "join_sections"]


class Sections:
    """The sections of one file. `name` is what messages call it."""

    def __init__(self, data: bytes, *, magic: bytes, version: int, name: str) -> None:
        """Split `data`; raises FormatError when sizes lie, sections repeat or bytes are left over."""
        self._name = name
        self._sections: dict[int, bytes] = {}
        if data[:4] != magic:
            raise self.error(f"this is not a {name} file")
        if len(data) < 12:
            raise self.error(f"the {name} ends too early")
        found, count = struct.unpack_from("<II", data, 4)
        if found != version:
            raise self.error(f"{name} version {found} is unknown, only {version} is read")
        at = 12
        for _ in range(count):
            if len(data) - at < 12:
                raise self.error(f"the {name} ends too early")
            kind, size = struct.unpack_from("<IQ", data, at)
            at += 12
            if size > len(data) - at:
                raise self.error(f"section {kind} of the {name} claims more bytes than the file has")
            if kind in self._sections:
                raise self.error(f"section {kind} of the {name} stands there twice")
            self._sections[kind] = data[at : at + size]
            at += size
        if at != len(data):
            raise self.error(f"the {name} has bytes after its last section")

    def error(self, message: str, code: str = "bad-format") -> FormatError:
        """Return the error to raise; who read the file adds its path."""
        return FormatError(message, code=code)

    def has(self, kind: int) -> bool:
        """Whether there is such a section."""
        return kind in self._sections

    def get(self, kind: int) -> bytes:
        """Return a section; raises FormatError when there is none."""
        if kind not in self._sections:
            raise self.error(f"the {self._name} has no section {kind}")
        return self._sections[kind]

    def records(self, kind: int, count: int, width: int) -> bytes:
        """Return a section that must hold exactly `count` records of `width` bytes."""
        content = self.get(kind)
        if len(content) != count * width:
            raise self.error(
                f"section {kind} of the {self._name} has {len(content)} bytes where {count} records of {width} belong"
            )
        return content


def join_sections(magic: bytes, version: int, sections: Sequence[tuple[int, bytes]]) -> bytes:
    """Return the file that holds `sections` in this order."""
    parts = [magic, struct.pack("<II", version, len(sections))]
    for kind, content in sections:
        parts += [struct.pack("<IQ", kind, len(content)), content]
    return b"".join(parts)
