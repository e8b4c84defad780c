"""Circuits made by hand: constraint systems, their `.r1cs` bytes and satisfying witnesses."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field

from zkmargin.kernel import Q, R

Combination = dict[int, int]


@dataclass
class Circuit:
    """Rows (a, b, c) over wires; wire 0 is 1, then `n_public` public wires, then private ones."""

    n_public: int
    witness: list[int] = field(default_factory=lambda: [1])
    rows: list[tuple[Combination, Combination, Combination]] = field(default_factory=list)

    def wire(self, value: int) -> int:
        self.witness.append(value % R)
        return len(self.witness) - 1

    def value(self, combination: Combination) -> int:
        return sum(coefficient * self.witness[wire] for wire, coefficient in combination.items()) % R

    def constrain(self, a: Combination, b: Combination, c: Combination) -> None:
        self.rows.append((a, b, c))

    def product(self, a: Combination, b: Combination) -> int:
        wire = self.wire(self.value(a) * self.value(b))
        self.constrain(a, b, {wire: 1})
        return wire

    def bits(self, combination: Combination, width: int) -> None:
        value = self.value(combination)
        total: Combination = {}
        for bit in range(width):
            wire = self.wire(value >> bit & 1)
            self.constrain({wire: 1}, {0: 1, wire: R - 1}, {})
            total[wire] = 1 << bit
        self.constrain(total, {0: 1}, combination)

    @property
    def public(self) -> list[int]:
        return self.witness[1 : self.n_public + 1]

    @property
    def satisfied(self) -> bool:
        return all(self.value(a) * self.value(b) % R == self.value(c) for a, b, c in self.rows)

    def witness_bytes(self) -> bytes:
        return b"".join(value.to_bytes(32, "little") for value in self.witness)

    def r1cs(self) -> bytes:
        wires = len(self.witness)
        header = struct.pack("<I", 32) + R.to_bytes(32, "little")
        header += struct.pack("<IIIIQI", wires, 0, self.n_public, wires - self.n_public - 1, wires, len(self.rows))
        body = bytearray()
        for row in self.rows:
            for combination in row:
                body += struct.pack("<I", len(combination))
                for wire, coefficient in sorted(combination.items()):
                    body += struct.pack("<I", wire) + (coefficient % R).to_bytes(32, "little")
        labels = b"".join(struct.pack("<Q", label) for label in range(wires))
        return container(b"r1cs", 1, [(1, header), (2, bytes(body)), (3, labels)])


def container(magic: bytes, version: int, sections: list[tuple[int, bytes]]) -> bytes:
    out = magic + struct.pack("<II", version, len(sections))
    return out + b"".join(struct.pack("<IQ", kind, len(content)) + content for kind, content in sections)


def sections_of(data: bytes) -> list[tuple[int, bytes]]:
    at, found = 12, []
    for _ in range(struct.unpack_from("<I", data, 8)[0]):
        kind, size = struct.unpack_from("<IQ", data, at)
        found.append((kind, data[at + 12 : at + 12 + size]))
        at += 12 + size
    return found


def small_circuit() -> Circuit:
    """Two public wires: x·y + 5 = p, and q = (x − 7)²·p, with x in 8 bits."""
    x, y = 201, R - 12345
    p = (x * y + 5) % R
    circuit = Circuit(n_public=2)
    for value in (p, pow(x - 7, 2, R) * p, x, y):
        circuit.wire(value)
    circuit.constrain({3: 1}, {4: 1}, {1: 1, 0: R - 5})
    square = circuit.product({3: 1, 0: R - 7}, {3: 1, 0: R - 7})
    circuit.constrain({square: 1}, {1: 1}, {2: 1})
    circuit.bits({3: 1}, 8)
    return circuit


def margin_circuit(generator: random.Random, *, n_public: int, n_rows: int) -> Circuit:
    """Shaped like a margin check: mostly range checks of products with public cells, some full-size squares."""
    circuit = Circuit(n_public=n_public)
    for _ in range(n_public):
        circuit.wire(generator.randrange(1 << 28))
    held = [circuit.wire(generator.randrange(1 << 36)) for _ in range(16)]
    state = circuit.wire(generator.randrange(R))
    while len(circuit.rows) + 66 <= n_rows:
        cell = generator.randrange(1, n_public + 1)
        notional = circuit.product({generator.choice(held): 1}, {cell: 1})
        circuit.bits({notional: 1}, 64)
        if len(circuit.rows) < n_rows:
            state = circuit.product({state: 3, notional: 1, 0: 11}, {state: 1, cell: 1})
    while len(circuit.rows) < n_rows:
        state = circuit.product({state: 1, 0: 1}, {state: 1})
    return circuit


def curve_point(generator: random.Random) -> tuple[tuple[int, int], tuple[int, int]]:
    """A point of the twist, almost surely outside the subgroup of order R (one in about R is inside)."""
    inverse = pow(82, -1, Q)
    twist = (27 * inverse % Q, -3 * inverse % Q)
    while True:
        x0, x1 = generator.randrange(Q), generator.randrange(Q)
        real = (x0 * (x0 * x0 - 3 * x1 * x1) + twist[0]) % Q
        imaginary = (x1 * (3 * x0 * x0 - x1 * x1) + twist[1]) % Q
        norm = _root(real * real + imaginary * imaginary)
        if norm is None:
            continue
        for sign in (1, -1):
            y0 = _root((real + sign * norm) * pow(2, -1, Q))
            if y0:
                return (x0, x1), (y0, imaginary * pow(2 * y0, -1, Q) % Q)


def _root(value: int) -> int | None:
    """A square root modulo Q, which is 3 modulo 4."""
    root = pow(value % Q, (Q + 1) // 4, Q)
    return root if root * root % Q == value % Q else None
