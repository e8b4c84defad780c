"""Constraint systems as iden3's files: `.r1cs` (binary, version 1) and `.sym` (wire names), written and read."""

from __future__ import annotations

import re
import struct

from ..kernel.combinations import Pool
from ..kernel.errors import FormatError
from ..kernel.field import R
from ..kernel.sections import Sections
from .compiler.system import ConstraintSystem

__all__ = ["r1cs_bytes", "read_r1cs", "read_sym", "sym_bytes"]

_FIELD_BYTES = 32
_TERM = 4 + _FIELD_BYTES
_LEAST_ROW = 12  # three counts of terms
_CUSTOM_GATES = (4, 5)
_SYM_LINE = re.compile(r"\d{1,18},(-1|\d{1,9}),\d{1,18},(\S{1,1000})", re.ASCII)


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


def read_r1cs(data: bytes) -> ConstraintSystem:
    """Return the constraint system in the bytes of an `.r1cs`, circom's or anyone's.

    The public wires are circom's outputs and then its public inputs, named `public.0`, ...; hidden wires are
    `hidden.0`, ...; `read_sym` has better names. No size in the file is trusted: nothing is made that its bytes do
    not back. Raises FormatError, also for a wire named twice in one combination (tools read that differently) and for
    custom gates.
    """
    sections = Sections(data, magic=b"r1cs", version=1, name="r1cs")
    header = sections.get(1)
    field = struct.pack("<I", _FIELD_BYTES) + R.to_bytes(_FIELD_BYTES, "little")
    if not header.startswith(field):
        raise sections.error("the r1cs is not over BN254: its field differs")
    if len(header) != len(field) + 28:
        raise sections.error("the r1cs's header has the wrong length")
    if any(any(sections.get(kind)) for kind in _CUSTOM_GATES if sections.has(kind)):
        raise sections.error("the r1cs has custom gates, which Groth16 cannot prove", "custom-gates")
    # circom counts private inputs before its optimiser removes some of their wires: the fourth number binds nothing.
    wires, outputs, inputs, _, _, rows = struct.unpack_from("<IIIIQI", header, len(field))
    public = outputs + inputs
    if public + 1 > wires:
        raise sections.error("the r1cs has fewer wires than its outputs and public inputs need")
    sections.records(3, wires, 8)  # circom's labels; here they bound the number of wires by the file's size
    body = sections.get(2)
    if rows * _LEAST_ROW > len(body):
        raise sections.error("the r1cs claims more constraints than it holds")
    system = ConstraintSystem([f"public.{i}" for i in range(public)])
    system.names.extend(f"hidden.{i}" for i in range(wires - public - 1))
    if _read_rows(body, rows, system) != len(body):
        raise sections.error("a section of the r1cs is longer than its content")
    return system


def _read_rows(body: bytes, rows: int, system: ConstraintSystem) -> int:
    """Append the constraints in `body` to the system and return how many bytes they took."""
    pools, at, wires = (system.a, system.b, system.c), 0, system.wires
    known: tuple[dict[bytes, int], ...] = ({}, {}, {})
    for _ in range(rows):
        for pool, indices in zip(pools, known, strict=True):
            if len(body) - at < 4:
                raise FormatError("the r1cs ends too early")
            end = at + 4 + _TERM * int.from_bytes(body[at : at + 4], "little")
            if end > len(body):
                raise FormatError("a constraint of the r1cs claims more terms than the file holds")
            terms = sorted(struct.iter_unpack("<I32s", body[at + 4 : end]))
            if terms and terms[-1][0] >= wires:
                raise FormatError(f"the r1cs uses wire {terms[-1][0]} of {wires}")
            last = -1
            for wire, coefficient in terms:
                if wire == last:
                    raise FormatError(f"a constraint of the r1cs names wire {wire} twice in one combination")
                last = wire
                index = indices.get(coefficient)
                if index is None:
                    index = indices[coefficient] = _intern(pool, coefficient)
                if index >= 0:
                    pool.wires.append(wire)
                    pool.indices.append(index)
            pool.starts.append(len(pool.wires))
            at = end
    system.remember("constraint", rows)
    return at


def _intern(pool: Pool, coefficient: bytes) -> int:
    """Return the index of a coefficient in the pool, -1 for zero, which is no term."""
    value = int.from_bytes(coefficient, "little")
    if value >= R:
        raise FormatError("a coefficient of the r1cs is not below the field's order")
    return pool.intern(value) if value else -1


def read_sym(data: bytes, system: ConstraintSystem) -> None:
    """Name the wires of a system by the `.sym` file made with it; of several names for a wire the first stays.

    Raises FormatError when a line is not `label,wire,component,name` or names a wire that does not exist.
    """
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError:
        raise FormatError("this is not a sym file: it is not text") from None
    named: set[int] = set()
    for number, line in enumerate(lines, 1):
        match = _SYM_LINE.fullmatch(line)
        if match is None:
            raise FormatError("a line of the sym file is not label,wire,component,name", line=number)
        wire = int(match[1])
        if wire >= system.wires:
            raise FormatError(f"the sym file names wire {wire} of {system.wires}: it is another circuit's", line=number)
        if wire > 0 and wire not in named:
            named.add(wire)
            system.names[wire] = match[2].removeprefix("main.")
    system.public = tuple(system.names[1 : 1 + len(system.public)])
