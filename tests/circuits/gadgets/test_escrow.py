"""Lost if these fail: an account that nobody but its owner can open, and a vault that pays for it."""

from functools import cache

import pytest

from zkmargin.circuits.gadgets.babyjubjub import CircuitPoint
from zkmargin.circuits.gadgets.escrow import constrain_escrow, decrypt, encrypt
from zkmargin.circuits.gadgets.evaluation import evaluation
from zkmargin.circuits.gadgets.scalar_multiplication import scalar_of
from zkmargin.kernel import R, kernel
from zkmargin.kernel.babyjubjub import BASE8, IDENTITY, SUBGROUP_ORDER, add, is_on_curve, multiply
from zkmargin.kernel.errors import InputError, Unsatisfied

from .gadget import Gadget, holds_with
from .test_babyjubjub_gadget import random_point, small_points

TAG, VALUES = 4321, 6
PUBLIC = ["commitment", "z", "y", "K.x", "K.y"]


@cache
def escrow():
    def build(builder, wires):
        key = CircuitPoint(builder.public("K.x"), builder.public("K.y"))
        commitment = next(iter(builder.public("commitment").terms))
        constrain_escrow(builder, TAG, "s", key, list(wires.values()), commitment, "z", "y")

    return Gadget([f"v{i}" for i in range(VALUES)], build, 0, ["s"], PUBLIC)


def case(rng):
    secret = rng.randrange(1, SUBGROUP_ORDER)
    values, seed = [rng.randrange(1 << 253) for _ in range(VALUES)], rng.getrandbits(248)
    return secret, multiply(BASE8, secret), values, seed, rng.randrange(R), rng.getrandbits(248)


def test_what_is_proven_is_what_is_posted_and_guardians_read_it(rng, size, say):
    count = size(12, 500)
    native = kernel("native").load_program(escrow().program.to_bytes())
    for _ in range(count):
        secret, key, values, seed, commitment, z = case(rng)
        posted = encrypt(TAG, seed, key, values, commitment)
        assert decrypt(TAG, secret, posted, commitment) == values
        public = [commitment, z, evaluation(posted, z), *key]
        tape, _ = escrow().honest(*values, seed, public=public)
        filled = native.run([commitment, z, 0, *key], [*values, seed])
        assert [int.from_bytes(filled[i : i + 32], "little") for i in range(0, len(filled), 32)] == tape[
            : len(filled) // 32
        ]
    say(f"{count} escrows encrypted, proven by the rows, decrypted")


def test_another_posting_is_refused(rng, tally):
    """Every element changed, two swapped, another key's, commitment's or scalar's: none evaluates to y."""
    tried = 0
    for _ in range(3):
        _, key, values, seed, commitment, z = case(rng)
        posted = encrypt(TAG, seed, key, values, commitment)
        others = [[*posted[:i], (v + d) % R, *posted[i + 1 :]] for i, v in enumerate(posted) for d in (1, -1)]
        others += [[*posted[1:], posted[0]], [*posted[:-2], posted[-1], posted[-2]]]
        others += [
            encrypt(TAG, seed, multiply(key, 2), values, commitment),
            encrypt(TAG, seed, key, values, commitment + 1),
            encrypt(TAG + 1, seed, key, values, commitment),
            encrypt(TAG, seed ^ 1, key, values, commitment),
            encrypt(TAG, seed, key, [values[0] + 1, *values[1:]], commitment),
        ]
        tape, _ = escrow().honest(*values, seed, public=[commitment, z, evaluation(posted, z), *key])
        for other in others:
            assert other != posted
            assert not holds_with(escrow(), tape, {3: evaluation(other, z)})
            tried += 1
    tally("S11", "escrow: other postings under the values' own proof", tried)


def test_every_public_input_binds(rng, tally):
    _, key, values, seed, commitment, z = case(rng)
    public = [commitment, z, evaluation(encrypt(TAG, seed, key, values, commitment), z), *key]
    tape, _ = escrow().honest(*values, seed, public=public)
    tried = 0
    for place in range(1, 1 + len(PUBLIC)):
        for value in (tape[place] + 1, tape[place] - 1, 0):
            assert not holds_with(escrow(), tape, {place: value})
            changed, said = escrow().machine.replay(tape, {place: value, 3: value if place == 3 else tape[3]})
            assert said
            assert not escrow().machine.holds(changed)
            tried += 2
    tally("S4", "escrow: changed public inputs, by the rows, alone and re-solved", tried)


def test_every_row_of_an_escrow_is_needed_and_nothing_may_move(rng, size, tally):
    _, key, values, seed, commitment, z = case(rng)
    public = [commitment, z, evaluation(encrypt(TAG, seed, key, values, commitment), z), *key]
    tape, _ = escrow().honest(*values, seed, public=public)
    among = [*rng.sample(list(escrow().rows)[:-1], size(60, len(escrow().rows) - 1))]
    tally("S3", "escrow of 6 values: rows, each seen to be needed", len(among), len(escrow().needless([tape], among)))
    assert list(escrow().machine.broken([*tape[:3], tape[3] + 1, *tape[4:]])) == [escrow().rows[-1]]
    tally(
        "S10", "escrow of 6 values: non-input wires at full rank", len(escrow().subject().wires), escrow().defect(tape)
    )


def test_a_key_or_an_ephemeral_point_of_another_order_is_refused(rng):
    """Encrypting to one, garbage is bound; decrypting from one, the secret leaks by the multiple that it gives."""
    bad = [IDENTITY, *small_points(), (1, 1), add(BASE8, small_points()[1]), (BASE8[0] + R, BASE8[1])]
    bad += [point for point in (random_point(rng) for _ in range(20)) if multiply(point, SUBGROUP_ORDER) != IDENTITY]
    for point in bad:
        with pytest.raises(InputError) as error:
            encrypt(TAG, 5, point, [1], 7)
        assert error.value.code == "bad-guardian-key"
        with pytest.raises(InputError) as error:
            decrypt(TAG, 9, [*point, 1], 7)
        assert error.value.code == "bad-ciphertext"


def test_a_ciphertext_of_another_form_is_refused(rng):
    """One value under two encodings would be posted, hashed and bound as another."""
    secret, key, values, seed, commitment, _ = case(rng)
    posted = encrypt(TAG, seed, key, values, commitment)
    for bad in ([*posted[:-1], posted[-1] + R], [*posted[:-1], posted[-1] - R], posted[:2], posted[:1], []):
        with pytest.raises(InputError) as error:
            decrypt(TAG, secret, bad, commitment)
        assert error.value.code == "bad-ciphertext"


def test_a_seed_beyond_its_bits_has_no_escrow(rng):
    _, key, values, *_ = case(rng)
    with pytest.raises(Unsatisfied):
        escrow().program.run([1, 2, 0, *key], [*values, 1 << 248])
    with pytest.raises(ValueError, match="bits"):
        encrypt(TAG, 1 << 248, key, values, 1)


def test_the_posted_point_is_of_prime_order(rng):
    for _ in range(20):
        seed = rng.getrandbits(248)
        point = multiply(BASE8, scalar_of(seed))
        assert is_on_curve(point)
        assert multiply(point, SUBGROUP_ORDER) == IDENTITY != point


def test_an_escrow_costs_what_its_docstring_says():
    assert len(escrow().rows) == 2245 + 345 + VALUES + 2
    assert "costs 2,245 constraints, those of `constrain_masks`, and n + 2" in constrain_escrow.__doc__
