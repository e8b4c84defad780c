"""A prepared `.ptau` from known secrets: what a coordinator who keeps tau would make."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from zkmargin.kernel import Q, R, g1_multiply, g2_multiply, ntt
from zkmargin.kernel.groth16_data import G2_GENERATOR

SHIFT = pow(2, 256, Q)
G1 = (1, 2)


@dataclass
class Powers:
    """Sections of a `.ptau`, points as tuples, so that tests can spoil them."""

    power: int
    sections: dict[int, list[object]]
    header: bytes = b""
    contributions: bytes = struct.pack("<I", 0)

    def to_bytes(self) -> bytes:
        header = self.header or struct.pack("<I", 32) + Q.to_bytes(32, "little") + struct.pack(
            "<II", self.power, self.power
        )
        parts = {1: header, 7: self.contributions}
        parts.update(
            {kind: b"".join(_point(point, kind) for point in points) for kind, points in self.sections.items()}
        )
        out = b"ptau" + struct.pack("<II", 1, len(parts))
        return out + b"".join(
            struct.pack("<IQ", kind, len(content)) + content for kind, content in sorted(parts.items())
        )


def make_powers(power: int, tau: int, alpha: int, beta: int, beta_g2: int | None = None) -> Powers:
    """Powers of `tau` up to 2^(power+1) − 2, and their Lagrange bases."""
    size = 1 << power
    high = [pow(tau, i, R) for i in range(2 * size - 1)]
    low = high[:size]

    def levels(values: list[int], top: int) -> list[int]:
        out = []
        for level in range(top + 1):
            chosen = values[: 1 << level]
            out += _lagrange(chosen + [0] * ((1 << level) - len(chosen)))
        return out

    scaled = {4: [alpha * x % R for x in low], 5: [beta * x % R for x in low]}
    g1_scalars = {
        2: high,
        **scaled,
        12: levels(high, power + 1),
        14: levels(scaled[4], power),
        15: levels(scaled[5], power),
    }
    g2_scalars = {3: low, 6: [beta if beta_g2 is None else beta_g2], 13: levels(low, power)}
    sections: dict[int, list[object]] = {
        kind: [g1_multiply(G1, value) for value in values] for kind, values in g1_scalars.items()
    }
    sections.update(
        {kind: [g2_multiply(G2_GENERATOR, value) for value in values] for kind, values in g2_scalars.items()}
    )
    return Powers(power, sections)


def _lagrange(powers: list[int]) -> list[int]:
    """L_i(tau) = (1/n) Σ_j w^(−ij) tau^j: the inverse transform, applied to the powers."""
    return ntt(powers, True)


def _point(point: object, section: int) -> bytes:
    if point is None:
        return bytes(128 if section in (3, 6, 13) else 64)
    x, y = point  # type: ignore[misc]
    coordinates = (x, y) if isinstance(x, int) else (*x, *y)
    return b"".join((value * SHIFT % Q).to_bytes(32, "little") for value in coordinates)
