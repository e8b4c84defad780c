"""Merkle trees and nothing else: circuits whose scalars are all of full size, as rollups and nullifiers have them.

A tree's leaves are hidden, its root public. An S-box x^5 takes three wires, of which x^4 multiplies nothing, so a third
of the points of B is at infinity; zeros, ones and short numbers are as good as none.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Linear
from zkmargin.circuits.gadgets.poseidon import hash_values
from zkmargin.kernel import R

HASHES = {12: 15, 14: 63, 16: 252, 18: 1011}
NODE = 2  # the tag of a tree's nodes

Draw = Callable[[random.Random], tuple[list[int], list[int]]]


def circuit(power: int) -> tuple[Builder, Draw]:
    """Return the circuit whose key has 2^power rows, and what draws public and hidden inputs."""
    leaves = HASHES[power] + 1
    builder = Builder(["root"], [f"leaf.{i}" for i in range(leaves)])
    nodes = [builder.hidden_wire(f"leaf.{i}") for i in range(leaves)]
    for number in range(leaves - 1):
        # The two oldest nodes become one: a tree as flat as so many leaves allow.
        left, right, *nodes = nodes
        digest = hash_values(builder, NODE, [left, right], f"node.{number}")
        if nodes:
            wire = builder.system.wire(f"node.{number}")
            builder.program.linear(wire, digest)
            builder.equal(digest, Linear.wire(wire), "node")
            nodes.append(wire)
    builder.program.linear(1, digest)
    builder.equal(digest, builder.public("root"), "root")
    builder.finish()
    return builder, lambda rng: ([0], [rng.randrange(R) for _ in range(leaves)])
