"""Escrow: hidden values encrypted to the guardians' key, the ciphertext bound by its evaluation at a public point.

With s of 248 bits and its scalar e: E = e·B8, S = e·K, ct_i = v_i + mask_i(S, commitment). Posted are E and every ct_i;
the circuit says y = E.x·z + E.y·z² + ct_1·z³ + ..., z a hash of what is posted. Guardians who hold k with K = k·B8 have
S = k·E.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...kernel.babyjubjub import BASE8, IDENTITY, Point, is_in_subgroup, multiply
from ...kernel.errors import InputError
from ...kernel.field import R
from ..compiler.builder import Builder
from ..compiler.linear import Linear
from .babyjubjub import CircuitPoint
from .evaluation import bind_evaluation
from .masks import constrain_masks, mask_values
from .scalar_multiplication import fixed_base_multiple, scalar_digits, scalar_of, variable_base_multiple

__all__ = ["constrain_escrow", "decrypt", "encrypt"]


def constrain_escrow(
    builder: Builder, tag: int, seed: str, key: CircuitPoint, values: Sequence[Linear], commitment: int, z: str, y: str
) -> None:
    """Constrain the public y to be the evaluation at the public z of the values' ciphertext under a key.

    `seed` names the hidden input s, `commitment` is the wire of the new commitment. Determines E and every ct_i by s,
    the key, the values and the commitment. Does not check the key (`variable_base_multiple` says what of), nor that s
    is random, nor that the values are those of the commitment, nor where z comes from: it must be a hash of the
    commitment and of all that is posted. For n values: costs 2,245 constraints, those of `constrain_masks`, and n + 2.
    """
    digits = scalar_digits(builder, seed)
    ephemeral = fixed_base_multiple(builder, digits, "ephemeral")
    shared = variable_base_multiple(builder, digits, key, "shared")
    wires = [next(iter(coordinate.terms)) for coordinate in (shared.x, shared.y)]
    masks = constrain_masks(builder, tag, [*wires, commitment], len(values), "mask")
    ciphertext = [value + mask for value, mask in zip(values, masks, strict=True)]
    bind_evaluation(builder, [ephemeral.x, ephemeral.y, *ciphertext], z, y)


def encrypt(tag: int, seed: int, key: Point, values: Sequence[int], commitment: int) -> list[int]:
    """Return what is posted: E.x, E.y and a ciphertext a value.

    Raises InputError (code "bad-guardian-key") unless the key is of prime order.
    """
    if key == IDENTITY or not is_in_subgroup(key):
        raise InputError("the guardians' key is not a point of prime order", code="bad-guardian-key")
    scalar = scalar_of(seed)
    masks = mask_values(tag, multiply(key, scalar), commitment, len(values))
    return [*multiply(BASE8, scalar), *((v + mask) % R for v, mask in zip(values, masks, strict=True))]


def decrypt(tag: int, secret: int, posted: Sequence[int], commitment: int) -> list[int]:
    """Return the values behind what is posted, for the secret of its key.

    What comes out is the opening only if it hashes to the commitment. Raises InputError (code "bad-ciphertext") where
    an element is not canonical, or E no point of prime order: multiplied by a secret, one of small order would give the
    secret away.
    """
    if len(posted) < 3 or not all(0 <= value < R for value in posted):
        raise InputError("the ciphertext is not a point and canonical values", code="bad-ciphertext")
    ephemeral, ciphertext = (posted[0], posted[1]), posted[2:]
    if ephemeral == IDENTITY or not is_in_subgroup(ephemeral):
        raise InputError("the ciphertext's ephemeral point is not of prime order", code="bad-ciphertext")
    masks = mask_values(tag, multiply(ephemeral, secret), commitment, len(ciphertext))
    return [(value - mask) % R for value, mask in zip(ciphertext, masks, strict=True)]
