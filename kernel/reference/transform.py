"""The scalar field's transform: polynomials between coefficients and values at the powers of a root of unity."""

from __future__ import annotations

from collections.abc import Sequence

from ..field import R, root_of_unity

__all__ = ["evaluate", "interpolate", "powers"]


def powers(base: int, count: int) -> list[int]:
    """Return 1, base, base², ... modulo R."""
    values, value = [], 1
    for _ in range(count):
        values.append(value)
        value = value * base % R
    return values


def evaluate(coefficients: Sequence[int]) -> list[int]:
    """Return the values at root^0, root^1, ...; the length is a power of two."""
    return _butterflies(coefficients, root_of_unity(len(coefficients).bit_length() - 1))


def interpolate(values: Sequence[int]) -> list[int]:
    """Undo `evaluate`."""
    size = len(values)
    scale = pow(size, -1, R)
    root = pow(root_of_unity(size.bit_length() - 1), -1, R)
    return [value * scale % R for value in _butterflies(values, root)]


def _butterflies(values: Sequence[int], root: int) -> list[int]:
    size = len(values)
    bits = size.bit_length() - 1
    out = [values[int(f"{i:0{bits}b}"[::-1], 2)] for i in range(size)] if bits else list(values)
    twiddles = powers(root, max(size // 2, 1))
    half = 1
    while half < size:
        stride = size // (2 * half)
        for start in range(0, size, 2 * half):
            for i in range(half):
                low, high = out[start + i], out[start + half + i] * twiddles[i * stride] % R
                out[start + i] = (low + high) % R
                out[start + half + i] = (low - high) % R
        half *= 2
    return out
