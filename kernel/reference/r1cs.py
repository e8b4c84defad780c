"""iden3's `.r1cs`, read and checked."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..field import R
from ..sections import Sections

__all__ = ["R1cs", "read_r1cs"]

Combination = list[tuple[int, int]]


@dataclass(frozen=True)
class R1cs:
    """Constraints (Σ a·w)(Σ b·w) = Σ c·w; wire 0 is 1, the wires 1 to `n_public` are public."""

    n_wires: int
    n_public: int
    constraints: list[tuple[Combination, Combination, Combination]]


def read_r1cs(data: bytes) -> R1cs:
    """Parse the bytes of an `.r1cs`; raises FormatError."""
    sections = Sections(data, magic=b"r1cs", version=1, name="r1cs")
    header = sections.get(1)
    field = struct.pack("<I", 32) + R.to_bytes(32, "little")
    if not header.startswith(field):
        raise sections.error("the r1cs is not over BN254: its field differs")
    if len(header) != len(field) + 28:
        raise sections.error("the r1cs's header has the wrong length")
    # circom counts private inputs before its optimiser removes some of their wires: the fourth number binds nothing.
    n_wires, n_outputs, n_inputs, _, _, count = struct.unpack_from("<IIIIQI", header, len(field))
    if n_outputs + n_inputs + 1 > n_wires:
        raise sections.error("the r1cs has fewer wires than its outputs and public inputs need")
    # One label a wire: a lying count of wires is refused before it costs memory.
    sections.records(3, n_wires, 8)
    body, at = sections.get(2), 0
    if count * 12 > len(body):
        raise sections.error("the r1cs claims more constraints than it holds")

    def combination() -> Combination:
        nonlocal at
        if len(body) - at < 4:
            raise sections.error("the r1cs ends too early")
        (terms,) = struct.unpack_from("<I", body, at)
        at += 4
        if terms * 36 > len(body) - at:
            raise sections.error("a constraint of the r1cs claims more terms than the file holds")
        found = []
        for _ in range(terms):
            (wire,) = struct.unpack_from("<I", body, at)
            value = int.from_bytes(body[at + 4 : at + 36], "little")
            at += 36
            if wire >= n_wires:
                raise sections.error(f"the r1cs uses wire {wire} of {n_wires}")
            if value >= R:
                raise sections.error("a coefficient of the r1cs is not below the field's order")
            found.append((wire, value))
        return found

    constraints = [(combination(), combination(), combination()) for _ in range(count)]
    if at != len(body):
        raise sections.error("a section of the r1cs is longer than its content")
    return R1cs(n_wires, n_outputs + n_inputs, constraints)
