"""Masks: the keystream that an opening is encrypted with, from Poseidon's permutation of a shared point.

Block b, of sixteen values at most, has the masks p_1 .. p_n of
    p = permutation of (0, tag + b, S.x, S.y, commitment, 0 ...), width n + 1 and at least 5,
and a ciphertext is ct_i = v_i + mask_i modulo r. The commitment is new with every opening, so no two openings share
masks even under one ephemeral scalar.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...kernel import poseidon_permutation
from ..compiler.builder import Builder
from ..compiler.linear import Linear
from .poseidon import permutation_template

__all__ = ["BLOCK", "constrain_masks", "mask_values"]

BLOCK = 16
_FILLED = 5  # the state's first elements, which every block has


def constrain_masks(builder: Builder, tag: int, wires: Sequence[int], count: int, name: str) -> list[Linear]:
    """Return `count` masks of a shared point and commitment; `wires` carry S.x, S.y and the commitment.

    Determines every mask by those three. Does not check the point: whoever chooses a key of small order knows every
    S there is. Costs a permutation a block: with n values in it and t = max(n + 1, 5), 3·(7t + partial rounds + 3)
    constraints, all but three elements of the state being constants; 345 for 6 values, 570 for 16.
    """
    masks: list[Linear] = []
    for number, values in enumerate(_blocks(count)):
        before = (0, tag + number, None, None, None, *[0] * (_width(values) - _FILLED))
        after = builder.stamp_all(permutation_template(before), wires, f"{name}.{number}")
        masks += after[1 : 1 + values]
    return masks


def mask_values(tag: int, shared: tuple[int, int], commitment: int, count: int) -> list[int]:
    """Return the same masks as integers. Raises FormatError where the point or the commitment is not canonical."""
    masks: list[int] = []
    for number, values in enumerate(_blocks(count)):
        state = [0, tag + number, *shared, commitment]
        masks += poseidon_permutation([*state, *[0] * (_width(values) - _FILLED)])[1 : 1 + values]
    return masks


def _blocks(count: int) -> Iterator[int]:
    for start in range(0, count, BLOCK):
        yield min(BLOCK, count - start)


def _width(values: int) -> int:
    return max(values + 1, _FILLED)
