"""A development key made again: its verifying half, from the constraints alone, without its proving half.

The secrets are published, so the input points are multiples that anybody can compute: IC_i = s_i·G1 with s_i =
beta·A_i + alpha·B_i + C_i, where A_i is the sum of L_row(tau) times what stands at wire i in each row. Only the public
wires' rows are looked at. All points are compared at once: Σ w_i·IC_i = (Σ w_i·s_i)·G1 for weights that nobody knew
before the key was fixed holds for a wrong key with a chance of one in 2^128.
"""

from __future__ import annotations

import secrets
from functools import lru_cache

from ..circuits.compiler.system import ConstraintSystem
from ..kernel import G1, R, VerifyingKey, development_secrets, field_inv, g1_multiply, g2_multiply, msm_g1
from ..kernel.field import root_of_unity
from ..kernel.groth16_data import G2_GENERATOR

__all__ = ["input_scalars", "is_made_with"]

G1_GENERATOR: G1 = (1, 2)
_WEIGHT_BITS = 128


def input_scalars(system: ConstraintSystem) -> list[int]:
    """Return s_i of wire one and each public input, as `kernel.setup` multiplies the generator by them."""
    published = development_secrets()
    sums = zip(*_input_sums(system), strict=True)
    return [(published.beta * a + published.alpha * b + c) % R for a, b, c in sums]


def is_made_with(key: VerifyingKey, scalars: list[int]) -> bool:
    """Whether a key is the development key with these input scalars, in every point that a verification uses."""
    if (key.alpha, key.beta, key.gamma, key.delta) != _constants() or len(key.ic) != len(scalars):
        return False
    weights = [1 + secrets.randbits(_WEIGHT_BITS) for _ in scalars]
    sum_of_scalars = sum(weight * scalar for weight, scalar in zip(weights, scalars, strict=True)) % R
    return msm_g1(key.ic, weights) == g1_multiply(G1_GENERATOR, sum_of_scalars)


@lru_cache(maxsize=1)
def _constants() -> tuple[object, ...]:
    """Return alpha, beta, gamma and delta of every development key."""
    published = development_secrets()
    beta, delta = (g2_multiply(G2_GENERATOR, scalar) for scalar in (published.beta, published.delta))
    return g1_multiply(G1_GENERATOR, published.alpha), beta, G2_GENERATOR, delta


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
