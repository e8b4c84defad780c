"""Constraint systems as iden3's files: `.r1cs` (binary, version 1) and `.sym` (wire names)."""

from __future__ import annotations

import struct

from ..kernel.combinations import Pool
from ..kernel.field import R
from .compiler.system import ConstraintSystem

__all__ = ["r1cs_bytes", "sym_bytes"]

_FIELD_BYTES = 32


def r1cs_bytes(system: ConstraintSystem) -> bytes:
    """Return the `.r1cs` file of a system: header, constraints, wire-to-label map (the identity)."""
    header = struct.pack("<I", _FIELD_BYTES) + R.to_bytes(_FIELD_BYTES, "little")
    counts = (system.wires, 0, len(system.public), 0)
    header += struct.pack("<IIIIQI", *counts, system.wires, system.rows)
    pools = (system.a, system.b, system.c)
    encoded = [[value.to_bytes(_FIELD_BYTES, "little") for value in pool.coefficients] for pool in pools]
    rows: list[bytes] = []
    for number in range(system.rows):
        for pool, coefficients in zip(pools, encoded, strict=True):
            rows.append(_combination(pool, coefficients, number))
    labels = struct.pack(f"<{system.wires}Q", *range(system.wires))
    sections = ((1, header), (2, b"".join(rows)), (3, labels))
    return b"r1cs" + struct.pack("<II", 1, len(sections)) + b"".join(_section(*section) for section in sections)


def _combination(pool: Pool, coefficients: list[bytes], number: int) -> bytes:
    start, end = pool.starts[number], pool.starts[number + 1]
    parts = [struct.pack("<I", end - start)]
    for i in range(start, end):
        parts += (struct.pack("<I", pool.wires[i]), coefficients[pool.indices[i]])
    return b"".join(parts)


def _section(number: int, content: bytes) -> bytes:
    return struct.pack("<IQ", number, len(content)) + content


def sym_bytes(system: ConstraintSystem) -> bytes:
    """Return the `.sym` file: one line a wire, `label,wire,component,name`."""
    lines = (f"{i},{i},0,main.{name}\n" for i, name in enumerate(system.names) if i)
    return "".join(lines).encode()
