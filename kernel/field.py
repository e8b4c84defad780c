"""The two primes of BN254: the order of its groups and the field of its coordinates."""

from __future__ import annotations

__all__ = ["TWO_ADICITY", "Q", "R", "root_of_unity"]

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
"""Order of G1, G2 and GT: the field that circuits compute in."""

Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583
"""Field of the curve's coordinates."""

TWO_ADICITY = 28
"""2^28 is the largest power of two that divides R - 1."""


def root_of_unity(log_size: int) -> int:
    """Return the generator of the domain of 2^`log_size` elements that iden3's files assume.

    Every domain's generator is a power of 5^((R - 1) / 2^28), 5 being the smallest quadratic
    non-residue. Raises ValueError beyond 2^28.
    """
    if not 0 <= log_size <= TWO_ADICITY:
        raise ValueError(f"there is no domain of 2^{log_size} elements")
    return pow(5, (R - 1) >> log_size, R)
