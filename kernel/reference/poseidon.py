"""Poseidon as its paper writes it: add constants, raise to the fifth, mix."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import FormatError
from ..field import R
from ..poseidon_constants import poseidon_constants

__all__ = ["poseidon", "poseidon_permutation"]


def poseidon(inputs: Sequence[int]) -> int:
    """Hash 1 to 16 elements of the field; raises FormatError for any other number of them."""
    if not 1 <= len(inputs) <= 16:
        raise FormatError(f"Poseidon takes 1 to 16 inputs, not {len(inputs)}")
    return poseidon_permutation([0, *inputs])[0]


def poseidon_permutation(state: Sequence[int]) -> list[int]:
    """Permute a state of 2 to 17 elements of the field; raises FormatError for any other number of them."""
    width = len(state)
    if not 2 <= width <= 17:
        raise FormatError(f"Poseidon permutes 2 to 17 elements, not {width}")
    full, partial, constants, mds = poseidon_constants(width)
    state = list(state)
    for index in range(full + partial):
        state = [
            (value + constant) % R
            for value, constant in zip(state, constants[width * index : width * (index + 1)], strict=True)
        ]
        whole = not full // 2 <= index < full // 2 + partial
        state = [pow(value, 5, R) if whole or position == 0 else value for position, value in enumerate(state)]
        state = [sum(factor * value for factor, value in zip(row, state, strict=True)) % R for row in mds]
    return state
