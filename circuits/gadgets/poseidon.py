"""Poseidon over BN254 with circomlib's parameters, as a template stamped by offset.

Each S-box x^5 costs 3 constraints; mixing is linear and free, and an S-box on a constant costs nothing. With width t
and c constant inputs: 3·(8t + partial rounds − c − 1) constraints, the capacity element being constant too. The whole
permutation costs the same: its other outputs are linear in the last S-boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ...kernel.field import R
from ...kernel.poseidon_constants import poseidon_constants
from ..compiler.builder import Builder
from ..compiler.linear import ONE, Linear
from ..compiler.system import Template

__all__ = ["hash_values", "permutation_template", "poseidon_template"]

State = list[dict[int, int]]


def poseidon_template(inputs: tuple[int | None, ...]) -> Template:
    """Return the rows of Poseidon(inputs): an int is known when the circuit is compiled, None is a wire to come."""
    return permutation_template((0, *inputs))


@cache
def permutation_template(before: tuple[int | None, ...]) -> Template:
    """Return the rows of the permutation of a state of 2 to 17 elements, its outputs the state after, in order."""
    width = len(before)
    full, partial, round_constants, mds = poseidon_constants(width)
    template = Template(before.count(None))
    wires = iter(range(1, 1 + template.inputs))
    state: State = [{next(wires): 1} if value is None else {ONE: value} for value in before]
    for turn in range(full + partial):
        for i in range(width):
            state[i] = {**state[i], ONE: (state[i].get(ONE, 0) + round_constants[turn * width + i]) % R}
        is_full = turn < full // 2 or turn >= full // 2 + partial
        for i in range(width if is_full else 1):
            state[i] = _fifth_power(template, state[i])
        state = [_combine(row, state) for row in mds]
    template.outputs = state
    return template


def hash_values(builder: Builder, tag: int, wires: Sequence[int], name: str) -> Linear:
    """Return H(tag; values): one Poseidon up to 15 values, a chain s = Poseidon(s, next 15, zero-padded) beyond.

    Binds every value; checks none of them. Costs what its templates cost, and 1 constraint a further link.
    """
    if len(wires) <= 15:
        return builder.stamp(poseidon_template((tag, *[None] * len(wires))), wires, name)
    chain = builder.stamp(poseidon_template((tag, *[None] * 15)), wires[:15], name)
    for start in range(15, len(wires), 15):
        chunk = wires[start : start + 15]
        link = builder.system.wire(f"{name}.link{start // 15}")
        builder.program.linear(link, chain)
        builder.equal(Linear.wire(link), chain, f"{name} link")
        template = poseidon_template((None, *[None] * len(chunk), *[0] * (15 - len(chunk))))
        chain = builder.stamp(template, [link, *chunk], f"{name}.{start // 15}")
    return chain


def _fifth_power(template: Template, x: dict[int, int]) -> dict[int, int]:
    if set(x) <= {ONE}:
        return {ONE: pow(x.get(ONE, 0), 5, R)}
    square = template.multiply(x, x)
    return template.multiply(template.multiply(square, square), x)


def _combine(row: Sequence[int], state: State) -> dict[int, int]:
    total: dict[int, int] = {}
    for factor, part in zip(row, state, strict=True):
        for wire, value in part.items():
            total[wire] = (total.get(wire, 0) + factor * value) % R
    return total
