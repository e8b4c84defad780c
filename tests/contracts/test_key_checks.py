"""K1, K3: keys that let someone forge are refused at registration, each by name; two forgeries are shown."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.contracts import errors
from zkmargin.contracts.bindings import AccessManager, Registry
from zkmargin.contracts.encoding import CHUNK_BYTES, keccak, key_bytes
from zkmargin.kernel import DEVELOPMENT_ALPHAS, g1_add, pairing_check

BETA, GAMMA, DELTA, IC = 2, 6, 10, 14  # word indices of key bytes


@pytest.fixture
def raw(world, synthetic, seed):
    return key_bytes(synthetic.SyntheticKey(world.inputs, Random(seed + 2)).points)


def patched(raw, at, *words):
    return raw[: 32 * at] + b"".join(word.to_bytes(32, "big") for word in words) + raw[32 * (at + len(words)) :]


def word(raw, at):
    return int.from_bytes(raw[32 * at : 32 * at + 32], "big")


def second_group(point):
    (x_re, x_im), (y_re, y_im) = point
    return x_im, x_re, y_im, y_re


def test_a_sound_key_is_registered_once(world, raw):
    world.registry.register(raw, 3, world.tables)
    with pytest.raises(errors.AlreadyRegistered):
        world.registry.register(raw, 3, world.tables)


@pytest.mark.parametrize("pair", [(DELTA, GAMMA), (DELTA, BETA), (GAMMA, BETA)])
@pytest.mark.parametrize("sign", [1, -1])
def test_related_points_are_refused(world, synthetic, raw, pair, sign):
    (at, other), q = pair, synthetic.Q
    words = [word(raw, other + i) for i in range(4)]
    if sign < 0:
        words[2:] = [q - words[2], q - words[3]]
    with pytest.raises(errors.KeyPointsRelated) as refused:
        world.registry.register(patched(raw, at, *words), 3, world.tables)
    assert refused.value.arguments == {"index": (other + 2) // 4, "other": (at + 2) // 4}


@pytest.mark.parametrize("sign", [1, -1])
def test_an_uncontributed_key_is_refused_even_with_another_gamma(world, synthetic, raw, sign):
    x, y = synthetic.GENERATOR_2
    y = y if sign > 0 else tuple(synthetic.Q - part for part in y)
    bad = patched(patched(raw, GAMMA, *second_group(synthetic.g2(77))), DELTA, *second_group((x, y)))
    with pytest.raises(errors.KeyUncontributed):
        world.registry.register(bad, 3, world.tables)


@pytest.mark.parametrize("at", [BETA, GAMMA, DELTA])
def test_bad_points_of_the_second_group_are_refused(world, synthetic, raw, at):
    index = (at + 2) // 4
    good = [word(raw, at + i) for i in range(4)]
    bad = {
        "infinity": (0, 0, 0, 0),
        "off the curve": (good[0], good[1], good[2], (good[3] + 1) % synthetic.Q),
        "outside the subgroup": second_group(synthetic.outside_the_subgroup()),
        "not canonical": (good[0] + synthetic.Q, *good[1:]),
    }
    for words in bad.values():
        with pytest.raises(errors.SecondGroupPointRefused) as refused:
            world.registry.register(patched(raw, at, *words), 3, world.tables)
        assert refused.value.arguments == {"index": index}


def test_bad_points_of_the_first_group_are_refused(world, synthetic, raw, tally):
    q = synthetic.Q
    count = 0
    for j in range(world.inputs + 1):
        at = IC + 2 * j
        x, y = word(raw, at), word(raw, at + 1)
        for words in ((0, 0), (x, (y + 1) % q), (x + q, y), (x, y + q)):
            with pytest.raises(errors.InputPointRefused) as refused:
                world.registry.register(patched(raw, at, *words), 3, world.tables)
            assert refused.value.arguments == {"index": j}
            count += 1
    for words in ((0, 0), (word(raw, 0), 5), (word(raw, 0) + q, word(raw, 1))):
        with pytest.raises(errors.AlphaRefused):
            world.registry.register(patched(raw, 0, *words), 3, world.tables)
    tally("K1", "keys with a bad point, none registered", count + 3)


def test_a_key_of_the_wrong_length_is_refused(world, raw):
    for bad in (raw[:-64], raw[:-1], raw + raw[-64:], raw[:448], b"\x00" * 32):
        with pytest.raises(errors.KeyLengthWrong):
            world.registry.register(bad, 3, world.tables)
    with pytest.raises(errors.KeyLengthWrong):
        world.registry.send("register", [], 3, [])


def test_chunks_are_the_registrys_own_and_full(world, raw):
    with pytest.raises(errors.UnknownChunk):
        world.registry.send("register", [keccak(b"elsewhere")], 0, [])
    for chunk in (raw[:448], raw[448:]):
        world.registry.send("storeChunk", chunk)
    with pytest.raises(errors.ChunkLengthWrong):
        world.registry.send("register", [keccak(raw[:448]), keccak(raw[448:])], 13, [])
    long = bytes(CHUNK_BYTES + 64)
    world.registry.send("storeChunk", long)
    with pytest.raises(errors.ChunkLengthWrong):
        world.registry.send("register", [keccak(long)], 0, [])


def test_tables_tile_the_inputs_exactly(world, raw):
    market, parameters = world.tables
    wrong = {
        errors.TablesDoNotTile: [
            [replace(market, first=3), parameters],
            [replace(market, first=5), parameters],
            [market, replace(parameters, first=parameters.first - 1)],
            [market, replace(parameters, first=parameters.first + 1)],
            [parameters, market],
        ],
        errors.SchemaMismatch: [
            [market, replace(parameters, length=parameters.length + 1)],
            [replace(market, schema_hash=bytes(32)), parameters],
            [replace(market, schema_words_hash=bytes(32)), parameters],
            [replace(market, source=world.book.address), parameters],
        ],
        errors.EmptyTable: [[replace(market, length=0), parameters]],
        errors.StartTablesWrong: [
            [market, replace(parameters, starts_from_ic0=False)],
            [replace(market, starts_from_ic0=True), parameters],
        ],
        errors.TooManyTables: [[market] * 5],
    }
    for error, maps in wrong.items():
        for tables in maps:
            with pytest.raises(error):
                world.registry.register(raw, 3, tables)
    with pytest.raises(errors.KeyLengthWrong):
        world.registry.register(raw, 3, [replace(market, starts_from_ic0=True)])


def test_only_the_role_registers_and_disables(world, raw):
    stranger = world.registry.as_sender(world.stranger)
    with pytest.raises(errors.AccessManagedUnauthorized):
        stranger.register(raw, 3, world.tables)
    with pytest.raises(errors.AccessManagedUnauthorized):
        stranger.disable(world.circuits["sufficiency"])
    world.manager.assign(world.registry.address, "VerifierRegistry", ["disable"], 7)
    world.manager.grant(7, world.stranger)
    stranger.disable(world.circuits["sufficiency"])
    with pytest.raises(errors.CircuitDisabled):
        stranger.disable(world.circuits["sufficiency"])


def test_the_development_key_is_refused_off_development_chains(synthetic, seed):
    """K3: every alpha point that a development set-up ever had."""
    assert DEVELOPMENT_ALPHAS
    raw = key_bytes(synthetic.SyntheticKey(2, Random(seed + 3)).points)
    for chain_id, refused_there in ((1, True), (8453, True), (31_337, False)):
        chain = EmbeddedChain(chain_id=chain_id, timestamp=1_790_000_000)
        admin = chain.accounts[0]
        registry = Registry.deploy(chain, admin, AccessManager.deploy(chain, admin, admin).address)
        registry.register(raw, 2, [])
        for alpha in DEVELOPMENT_ALPHAS:
            if refused_there:
                with pytest.raises(errors.DevelopmentKeyRefused) as refused:
                    registry.register(patched(raw, 0, *alpha), 2, [])
                assert refused.value.arguments == {"chainId": chain_id}
            else:
                registry.register(patched(raw, 0, *alpha), 2, [])


@pytest.mark.parametrize("related", ["gamma is delta", "gamma is beta", "beta is delta"])
def test_what_the_refused_keys_would_let_anyone_prove(synthetic, seed, related):
    """The forgeries: no secret is used beyond the public points, any inputs are proved."""
    rng = Random(seed)
    key = synthetic.SyntheticKey(3, rng)
    vk = synthetic.g1(key.vk_x([rng.randrange(synthetic.R) for _ in range(3)]))
    alpha, beta = key.points.alpha, key.points.beta
    gamma = beta if related == "gamma is beta" else key.points.gamma
    delta = {"gamma is delta": gamma, "gamma is beta": key.points.delta, "beta is delta": beta}[related]
    a, b, c = {
        "gamma is delta": (alpha, beta, negative(vk, synthetic.Q)),
        "gamma is beta": (g1_add(alpha, vk), beta, None),
        "beta is delta": (vk, gamma, negative(alpha, synthetic.Q)),
    }[related]
    assert pairing_check([(negative(a, synthetic.Q), b), (alpha, beta), (vk, gamma), (c, delta)])


def negative(point, q):
    return point[0], q - point[1]
