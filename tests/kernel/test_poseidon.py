"""A hash that differs from circomlib's would commit to nothing anyone else can open."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from zkmargin.kernel import Kernel, R, poseidon_constants
from zkmargin.kernel.errors import FormatError

CORNERS = [0, 1, R - 1, R - 2, 1 << 253]


def test_poseidon_is_circomlibjs_on_a_thousand_inputs_of_every_width(
    native: Kernel, reference: Kernel, node: Callable[[str, Any], Any], generator: random.Random
) -> None:
    def element() -> int:
        return generator.choice(CORNERS) if generator.random() < 0.1 else generator.randrange(R)

    inputs = [[element() for _ in range(count)] for count in range(1, 17) for _ in range(1_000)]
    expected = [int(value) for value in node("poseidon.cjs", [[str(v) for v in values] for values in inputs])]
    assert [native.poseidon(values) for values in inputs] == expected
    sample = generator.sample(range(len(inputs)), 200) + list(range(0, len(inputs), 1_000))
    assert [reference.poseidon(inputs[i]) for i in sample] == [expected[i] for i in sample]
    print(f"{len(inputs)} hashes native, {len(sample)} of them reference")


def test_the_known_hash_of_one_and_two(either: Kernel) -> None:
    known = 7853200120776062878684798364095072458815029376092732009249414926327459813530
    assert either.poseidon([1, 2]) == known


def test_every_element_of_the_permutation_is_circomlibjs(
    native: Kernel, reference: Kernel, node: Callable[[str, Any], Any], generator: random.Random
) -> None:
    """A wrong mask is a ciphertext that no guardian can read."""

    def element() -> int:
        return generator.choice(CORNERS) if generator.random() < 0.1 else generator.randrange(R)

    states = [[element() for _ in range(width)] for width in range(2, 18) for _ in range(40)]
    content = [{"inputs": [str(v) for v in state[1:]], "first": str(state[0])} for state in states]
    expected = [[int(value) for value in values] for values in node("permutation.cjs", content)]
    assert [native.poseidon_permutation(state) for state in states] == expected
    sample = generator.sample(range(len(states)), 100) + list(range(0, len(states), 40))
    assert [reference.poseidon_permutation(states[i]) for i in sample] == [expected[i] for i in sample]
    print(f"{len(states)} permutations native, {len(sample)} of them reference")


def test_the_hash_is_the_permutations_first_element(either: Kernel, generator: random.Random) -> None:
    for count in range(1, 17):
        inputs = [generator.randrange(R) for _ in range(count)]
        permuted = either.poseidon_permutation([0, *inputs])
        assert len(permuted) == count + 1
        assert permuted[0] == either.poseidon(inputs)
        assert either.poseidon_permutation([1, *inputs])[0] != permuted[0]


@pytest.mark.parametrize("state", [[], [1], [1] * 18, [R, 0], [0, -1]])
def test_the_permutation_refuses_what_it_is_not_defined_for(either: Kernel, state: list[int]) -> None:
    with pytest.raises(FormatError):
        either.poseidon_permutation(state)


@pytest.mark.parametrize("inputs", [[], [1] * 17, [R], [-1]])
def test_poseidon_refuses_what_it_is_not_defined_for(either: Kernel, inputs: list[int]) -> None:
    with pytest.raises(FormatError):
        either.poseidon(inputs)


def test_constants_have_the_shape_the_compiler_stamps() -> None:
    for t in range(2, 18):
        full, partial, constants, mds = poseidon_constants(t)
        assert (full, len(constants)) == (8, t * (full + partial))
        assert [len(row) for row in mds] == [t] * t
        assert len(set(constants)) == len(constants)
    for t in (1, 18):
        with pytest.raises(ValueError, match="2 to 17"):
            poseidon_constants(t)
