"""Commitments: holdings packed and hashed with the owner's key and a salt, in integers and as constraints."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from ...kernel import poseidon
from ..compiler.builder import Builder
from ..compiler.linear import Bound, Linear
from ..gadgets.poseidon import hash_values
from ..model import Holdings, Opening
from ..schema import Schema, keccak256

__all__ = ["SALT_BITS", "commit", "constrain_commitment", "draw_salt", "hash_plain", "pack", "tag"]

ELEMENT_BITS = 253  # what is packed into one field element; 2^253 is below the field's order
SALT_BITS = 248


def tag(kind: str, schema: Schema, count: int) -> int:
    """Return the domain tag of a hash: keccak256("zkmargin/" kind "/1" ‖ schema hash ‖ count) >> 8.

    `count` is the number of values hashed, as a 32-byte word. Of a box's schema, the plain one's hash is taken.
    """
    digest = keccak256(f"zkmargin/{kind}/1".encode() + schema.accounts + count.to_bytes(32, "big"))
    return int.from_bytes(digest, "big") >> 8


def hash_plain(domain_tag: int, values: Sequence[int]) -> int:
    """Return H(tag; values): one Poseidon up to 15 values, a chain s = Poseidon(s, next 15, zero-padded) beyond."""
    if len(values) <= 15:
        return poseidon([domain_tag, *values])
    chain = domain_tag
    for start in range(0, len(values), 15):
        chunk = list(values[start : start + 15])
        chain = poseidon([chain, *chunk, *[0] * (15 - len(chunk))])
    return chain


def groups(schema: Schema) -> list[list[int]]:
    """Return the holdings' indices packed together: in order, as many as fit an element."""
    packed: list[list[int]] = [[]]
    room = ELEMENT_BITS
    for i, spec in enumerate(schema.holdings):
        if spec.bits > room:
            packed.append([])
            room = ELEMENT_BITS
        packed[-1].append(i)
        room -= spec.bits
    return packed


def pack(schema: Schema, holdings: Holdings) -> list[int]:
    """Return the holdings as field elements: offset form, low bits first. Raises InputError when one does not fit."""
    schema.fit(holdings)
    values = holdings.values
    elements = []
    for group in groups(schema):
        element = shift = 0
        for i in group:
            element |= (values[i] + schema.holdings[i].offset) << shift
            shift += schema.holdings[i].bits
        elements.append(element)
    return elements


def commit(schema: Schema, opening: Opening) -> int:
    """Return the commitment: H(commitment; packed holdings, owner key x, owner key y, salt)."""
    values = [*pack(schema, opening.holdings), *opening.owner_key, opening.salt]
    return hash_plain(tag("commitment", schema, len(values)), values)


def draw_salt() -> int:
    """Return a fresh salt of 248 random bits."""
    return secrets.randbits(SALT_BITS)


def constrain_commitment(builder: Builder, schema: Schema, holdings: Sequence[Bound], commitment: str) -> None:
    """Bind range-checked holdings, the owner's key and the salt to the public input `commitment`.

    Does not check the owner's key (until transitions exist it is only bound) nor the salt's entropy. Costs one
    constraint a packed element, Poseidon, and one for the equality.
    """
    wires = []
    for number, group in enumerate(groups(schema)):
        parts, shift = [], 0
        for i in group:
            spec = schema.holdings[i]
            parts.append((1 << shift, holdings[i].linear + Linear.constant(spec.offset)))
            shift += spec.bits
        element = Linear.sum(parts)
        wire = builder.system.wire(f"packed.{number}")
        builder.program.linear(wire, element)
        builder.equal(element, Linear.wire(wire), "packing")
        wires.append(wire)
    wires += [builder.hidden_wire(name) for name in ("owner_key.x", "owner_key.y", "salt")]
    digest = hash_values(builder, tag("commitment", schema, len(wires)), wires, "commitment")
    public = builder.public(commitment)
    builder.program.linear(next(iter(public.terms)), digest)
    builder.equal(digest, public, "commitment")
