"""Margin circuits of four sizes.

Hidden positions under public scenarios. Each position and its limit stand in a Merkle tree whose root is public; no
position may lose more than its limit in any scenario, nor the account more than its equity; the equity is committed
to. So the mix of scalars and points is that of circuits which hash and compare, and not the kinder one of the
cross-margin circuits here, nine tenths of whose wires are bits: those are measured beside them.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Bound, Linear
from zkmargin.circuits.compiler.range_checks import booleans, range_check
from zkmargin.circuits.gadgets.bits import signed_input, unsigned_input
from zkmargin.circuits.gadgets.poseidon import hash_values
from zkmargin.kernel import R, poseidon

SCENARIOS = 16
POSITIONS = {12: 1, 14: 6, 16: 22, 18: 78}
LEAF, NODE, ACCOUNT = 1, 2, 3  # domain tags
SIZE_BITS, SHOCK_BITS, MONEY_BITS = 36, 28, 68


Draw = Callable[[random.Random], tuple[list[int], list[int]]]


def circuit(power: int) -> tuple[Builder, Draw]:
    """Return the circuit whose key has 2^power rows, and what draws public and hidden inputs."""
    positions = POSITIONS[power]
    return build(positions), lambda rng: account(positions, rng)


def depth(positions: int) -> int:
    """Return the levels of the tree that holds the positions, at least one."""
    return max(1, (positions - 1).bit_length())


def build(positions: int) -> Builder:
    """Return the circuit of so many positions."""
    shocks = [f"shock.{i}.{s}" for i in range(positions) for s in range(SCENARIOS)]
    levels = range(depth(positions))
    hidden = ["equity", "salt"]
    for i in range(positions):
        hidden += [f"size.{i}", f"limit.{i}", *(f"{what}.{i}.{k}" for k in levels for what in ("right", "sibling"))]
    builder = Builder(["account", "root", *shocks], hidden)
    equity = unsigned_input(builder, "equity", MONEY_BITS)
    totals = [Linear() for _ in range(SCENARIOS)]
    for i in range(positions):
        size = signed_input(builder, f"size.{i}", SIZE_BITS)
        limit = unsigned_input(builder, f"limit.{i}", MONEY_BITS)
        digest = hash_values(builder, LEAF, [named(builder, size), named(builder, limit)], f"leaf.{i}")
        for k in levels:
            digest = climb(builder, digest, f"{i}.{k}")
        builder.equal(digest, builder.public("root"), "the position is in the tree")
        for s in range(SCENARIOS):
            top = 1 << (SHOCK_BITS - 1)
            shock = Bound(builder.public(f"shock.{i}.{s}") - Linear.constant(top), -top, top - 1)
            loss = builder.product(size, shock, f"loss.{i}.{s}")
            spare = Bound(limit.linear - loss.linear, limit.low - loss.high, limit.high - loss.low)
            range_check(builder, spare, MONEY_BITS + 1, f"limit.{i}.{s}")
            totals[s] = totals[s] + loss.linear
    reach = positions << (SIZE_BITS + SHOCK_BITS)
    for s, total in enumerate(totals):
        spare = Bound(equity.linear - total, -reach, equity.high + reach)
        range_check(builder, spare, (equity.high + reach).bit_length(), f"scenario.{s}")
    salt = builder.hidden_wire("salt")
    account = hash_values(builder, ACCOUNT, [named(builder, equity), salt], "account")
    builder.program.linear(1 + builder.system.public.index("account"), account)
    builder.equal(account, builder.public("account"), "commitment")
    builder.finish()
    return builder


def named(builder: Builder, value: Bound) -> int:
    """Return a wire that carries a value, as hashes want it. Costs 1 constraint."""
    wire = builder.system.wire("hashed")
    builder.program.linear(wire, value.linear)
    builder.equal(value.linear, Linear.wire(wire), "hashed")
    return wire


def climb(builder: Builder, node: Linear, place: str) -> Linear:
    """Return the parent of a node and its hidden sibling, on the hidden side. Costs 4 constraints and a hash."""
    right = booleans(builder, 1, f"right.{place}")
    builder.program.bits(right, 1, builder.input(f"right.{place}"), f"right.{place}")
    sibling = Linear.wire(builder.hidden_wire(f"sibling.{place}"))
    swap, left, other = (builder.system.wire(f"{what}.{place}") for what in ("swap", "left", "other"))
    builder.program.product(swap, Linear.wire(right), sibling - node)
    builder.constrain(Linear.wire(right), sibling - node, Linear.wire(swap), "the side")
    for wire, value in ((left, node + Linear.wire(swap)), (other, sibling - Linear.wire(swap))):
        builder.program.linear(wire, value)
        builder.equal(value, Linear.wire(wire), "the side")
    return hash_values(builder, NODE, [left, other], f"node.{place}")


def account(positions: int, rng: random.Random) -> tuple[list[int], list[int]]:
    """Return public and hidden inputs of a drawn account that keeps every limit."""
    levels = depth(positions)
    sizes = [rng.choice((-1, 1)) * rng.randrange(1, 1 << rng.randrange(20, SIZE_BITS)) for _ in range(positions)]
    shocks = [[rng.randrange(-(1 << 20), 1 << 20) for _ in range(SCENARIOS)] for _ in range(positions)]
    limits = [abs(size) * (1 << 20) + rng.randrange(1 << 40) for size in sizes]
    tree = [[poseidon([LEAF, size % R, limit]) for size, limit in zip(sizes, limits, strict=True)]]
    tree[0] += [0] * ((1 << levels) - positions)
    for _ in range(levels):
        below = tree[-1]
        tree.append([poseidon([NODE, below[i], below[i + 1]]) for i in range(0, len(below), 2)])
    hidden = [sum(limits), rng.randrange(1 << 250)]
    for i in range(positions):
        hidden += [sizes[i], limits[i]]
        for k in range(levels):
            hidden += [i >> k & 1, tree[k][(i >> k) ^ 1]]
    return [0, tree[-1][0], *(shock + (1 << (SHOCK_BITS - 1)) for row in shocks for shock in row)], hidden
