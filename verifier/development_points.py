"""A development key made again: its verifying half, from the constraints alone, without its proving half.

The secrets are published, so the input points are plain sums: IC_i = (beta·A_i + alpha·B_i + C_i)·G1, where A_i is the
sum of L_row(tau) times what stands at wire i in each row. Only the public wires' rows are looked at, and no key file
is made: a tenth of set-up's time.
"""

from __future__ import annotations

from functools import lru_cache

from ..circuits.compiler.system import ConstraintSystem
from ..kernel import G1, R, VerifyingKey, development_secrets, field_inv, g1_multiply, g2_multiply
from ..kernel.field import root_of_unity
from ..kernel.groth16_data import G2, G2_GENERATOR

__all__ = ["KeyPoints", "development_points", "key_points"]

G1_GENERATOR: G1 = (1, 2)

KeyPoints = tuple[G1, G2, G2, G2, tuple[G1, ...]]
"""All that a verifying key checks with: alpha, beta, gamma, delta, IC."""


def key_points(key: VerifyingKey) -> KeyPoints:
    """Return a key's points."""
    return key.alpha, key.beta, key.gamma, key.delta, key.ic


def development_points(system: ConstraintSystem) -> KeyPoints:
    """Return the points of a circuit's development key, as `kernel.setup` makes them from its file."""
    secrets = development_secrets()
    sums = _input_sums(system)
    scalars = [(secrets.beta * a + secrets.alpha * b + c) % R for a, b, c in zip(*sums, strict=True)]
    points = [g1_multiply(G1_GENERATOR, scalar) for scalar in scalars]
    return *_constants(), tuple(point or (0, 0) for point in points)


@lru_cache(maxsize=1)
def _constants() -> tuple[G1, G2, G2, G2]:
    secrets = development_secrets()
    alpha = g1_multiply(G1_GENERATOR, secrets.alpha)
    beta, delta = (g2_multiply(G2_GENERATOR, scalar) for scalar in (secrets.beta, secrets.delta))
    return alpha or (0, 0), beta or G2_GENERATOR, G2_GENERATOR, delta or G2_GENERATOR


def _input_sums(system: ConstraintSystem) -> tuple[list[int], list[int], list[int]]:
    """Return A_i, B_i and C_i of wire one and the public wires, set-up's extra rows included: wire i alone in A."""
    inputs, rows = len(system.public) + 1, system.rows
    size = max(2, 1 << (rows + inputs - 1).bit_length())
    terms: list[tuple[int, int, int, int]] = [(0, wire, rows + wire, 1) for wire in range(inputs)]
    for matrix, pool in enumerate((system.a, system.b, system.c)):
        starts, wires, indices = pool.starts, pool.wires, pool.indices
        row = 0
        for place, wire in enumerate(wires):
            if wire < inputs:
                while starts[row + 1] <= place:
                    row += 1
                terms.append((matrix, wire, row, pool.coefficients[indices[place]]))
    lagrange = _lagrange({row for _, _, row, _ in terms}, size)
    sums = ([0] * inputs, [0] * inputs, [0] * inputs)
    for matrix, wire, row, value in terms:
        sums[matrix][wire] = (sums[matrix][wire] + value * lagrange[row]) % R
    return sums


def _lagrange(rows: set[int], size: int) -> dict[int, int]:
    """Return L_row(tau) = root^row·(tau^size − 1) / (size·(tau − root^row)) for some rows of a domain."""
    tau, root = development_secrets().tau, root_of_unity(size.bit_length() - 1)
    ordered = sorted(rows)
    points = [pow(root, row, R) for row in ordered]
    inverses = field_inv([size * (tau - point) % R for point in points])
    vanishing = pow(tau, size, R) - 1
    return {row: point * vanishing * inverse % R for row, point, inverse in zip(ordered, points, inverses, strict=True)}
