"""A batch that holds with a wrong proof in it, or a key under which anyone forges, makes all other checks worthless."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import pytest

from zkmargin.kernel import Kernel, Proof, Q, R, _native, development_secrets, verify_batch
from zkmargin.kernel.errors import FormatError
from zkmargin.kernel.groth16_data import G2_GENERATOR
from zkmargin.kernel.words import g1_words, g2_words


@pytest.fixture(scope="session")
def proofs(small: Any, small_keys: Any, native: Kernel) -> list[Proof]:
    """Eight proofs of one statement."""
    return [small_keys[native].prove(small.circuit.witness_bytes(), r, r + 7) for r in range(1, 9)]


def test_valid_batches_hold(either: Kernel, small: Any, proofs: list[Proof]) -> None:
    public = small.circuit.public
    for count in (1, 3):
        assert either.verify_batch(small.verifying_key, [public] * count, proofs[:count])
    assert either.verify_batch(small.verifying_key, [public] * 2, [proofs[0]] * 2)


def test_one_wrong_proof_spoils_any_batch(
    either: Kernel, small: Any, proofs: list[Proof], tally: Callable[..., None]
) -> None:
    key, public = small.verifying_key, small.circuit.public
    wrong = [(public[0] + 1) % R, *public[1:]]
    tried = 0
    for count in (1, 2, 4) if either.threads() > 1 else (1, 2):
        for bad in range(count):
            publics = [wrong if at == bad else public for at in range(count)]
            assert not either.verify_batch(key, publics, proofs[:count])
            mixed = dataclasses.replace(proofs[bad], c=proofs[bad + 1].c)
            assert not either.verify_batch(key, [public] * count, [*proofs[:bad], mixed, *proofs[bad + 1 : count]])
            tried += 2
    tally("F2", "batches off chain with one wrong proof refused", tried)


def test_errors_that_cancel_under_equal_powers_do_not_cancel(
    either: Kernel, small: Any, proofs: list[Proof], generator: random.Random, tally: Callable[..., None]
) -> None:
    """C_1 + D and C_2 − D; an input one higher here and one lower there; the same wrong proof often."""
    key, public = small.verifying_key, small.circuit.public
    d = either.g1_multiply((1, 2), generator.randrange(1, R))
    assert d is not None
    shifted = [
        dataclasses.replace(proofs[at], c=either.g1_add(proofs[at].c, shift))
        for at, shift in ((0, d), (1, (d[0], Q - d[1])))
    ]
    higher, lower = [public[0] + 1, *public[1:]], [public[0] - 1, *public[1:]]
    cases = [
        ([public] * 2, shifted),
        ([higher, lower], proofs[:2]),
        ([higher] * 2, [proofs[0]] * 2),
    ]
    for publics, batch in cases:
        assert not either.verify_batch(key, publics, batch)
    tally("F2", "batches off chain of errors that equal powers would cancel, refused", len(cases))


def test_exchanged_inputs_fail(native: Kernel, small: Any, generator: random.Random) -> None:
    """Two statements under one key: each proof goes with its own."""
    publics = [[generator.randrange(R) for _ in range(2)] for _ in range(2)]
    batch = [forged(native, small.verifying_key, public, generator) for public in publics]
    assert native.verify_batch(small.verifying_key, publics, batch)
    assert not native.verify_batch(small.verifying_key, publics[::-1], batch)


def forged(kernel: Kernel, key: Any, public: list[int], generator: random.Random) -> Proof:
    """Return a proof of anything, by the development key's secrets."""
    secrets = development_secrets()
    a, b = generator.randrange(1, R), generator.randrange(1, R)
    over_delta = pow(secrets.delta, -1, R)
    inputs = kernel.msm_g1(list(key.ic), [1, *public])
    c = kernel.g1_add(
        kernel.g1_multiply((1, 2), (a * b - secrets.alpha * secrets.beta) * over_delta % R),
        kernel.g1_multiply(inputs, R - over_delta),
    )
    left, right = kernel.g1_multiply((1, 2), a), kernel.g2_multiply(G2_GENERATOR, b)
    assert left is not None
    assert right is not None
    assert c is not None
    return Proof(left, right, c)


def test_what_is_malformed_has_its_name_in_a_batch_too(either: Kernel, small: Any, proofs: list[Proof]) -> None:
    key, public = small.verifying_key, small.circuit.public
    a, b = proofs[1].a, proofs[1].b
    cases = {
        "input-count": ([public, public[:-1]], proofs[:2]),
        "input-not-canonical": ([public, [public[0] + R, *public[1:]]], proofs[:2]),
        "proof-not-canonical": ([public] * 2, [proofs[0], dataclasses.replace(proofs[1], a=(a[0] + Q, a[1]))]),
        "proof-off-curve": ([public] * 2, [proofs[0], dataclasses.replace(proofs[1], a=(a[0], a[1] ^ 1))]),
        "proof-infinity": ([public] * 2, [proofs[0], dataclasses.replace(proofs[1], b=((0, 0), (0, 0)))]),
    }
    assert b != ((0, 0), (0, 0))
    for code, (publics, batch) in cases.items():
        with pytest.raises(FormatError) as caught:
            either.verify_batch(key, publics, batch)
        assert caught.value.code == code


def test_no_batch_is_no_answer(small: Any, proofs: list[Proof]) -> None:
    public = small.circuit.public
    assert verify_batch(small.verifying_key, [public], proofs[:1])
    for publics, batch in (([], []), ([public], []), ([], proofs[:1]), ([public], proofs[:2])):
        with pytest.raises(FormatError) as caught:
            verify_batch(small.verifying_key, publics, batch)
        assert caught.value.code == "batch-count"


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("related", ["gamma is beta", "delta is beta", "delta is gamma"])
def test_forgeries_under_related_points_are_real_and_shut_out(
    either: Kernel, small: Any, generator: random.Random, related: str, sign: int
) -> None:
    """K1: from public points alone, any statement; the key cannot be made, nor loaded by the native kernel."""
    key = small.verifying_key
    false = [generator.randrange(R) for _ in range(2)]
    inputs = either.msm_g1(list(key.ic), [1, *false])
    alpha, beta, gamma, delta = key.alpha, key.beta, key.gamma, key.delta

    def signed(point: Any, by: int) -> Any:
        return point if by > 0 else tuple_negative(point)

    k = generator.randrange(2, R)
    if related == "gamma is beta":
        gamma = signed(beta, sign)
        a = either.g1_add(alpha, signed(inputs, sign))
        b, c = either.g2_add(beta, either.g2_multiply(delta, k)), either.g1_multiply(a, k)
    elif related == "delta is beta":
        delta = signed(beta, sign)
        a, b, c = inputs, gamma, signed(alpha, -sign)
    else:
        delta = signed(gamma, sign)
        a, b, c = alpha, beta, signed(inputs, -sign)
    pairs = [(tuple_negative(a), b), (alpha, beta), (inputs, gamma), (c, delta)]
    assert either.pairing_check(pairs), "the forgery must be real, or this test shows nothing"
    code = "key-related" if "beta" in related else "key-uncontributed"
    with pytest.raises(FormatError) as caught:
        dataclasses.replace(key, gamma=gamma, delta=delta)
    assert caught.value.code == code
    words = g1_words(alpha) + b"".join(map(g2_words, (beta, gamma, delta))) + b"".join(map(g1_words, key.ic))
    with pytest.raises(FormatError) as caught:
        _native.VerifyingKey(words)
    assert caught.value.code == code


def test_minus_the_generator_is_no_contribution(small: Any) -> None:
    with pytest.raises(FormatError) as caught:
        dataclasses.replace(small.verifying_key, delta=tuple_negative(G2_GENERATOR))
    assert caught.value.code == "key-uncontributed"


def tuple_negative(point: Any) -> Any:
    """Return the opposite point, of either group."""
    x, y = point
    return (x, tuple(Q - part for part in y)) if isinstance(y, tuple) else (x, Q - y)
