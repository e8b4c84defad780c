"""The gate's life of an account: what would be lost if a state could be reached or left the wrong way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.contracts import errors
from zkmargin.contracts.bindings import Gate
from zkmargin.contracts.encoding import key_bytes


def test_an_opened_account_is_covered_and_not_liquidatable(world, worlds):
    account = world.open()
    status = world.gate.status_of(account)
    assert (status.status, status.nonce, status.round, status.version) == ("covered", 1, 1, 100)
    assert status.expiry == world.chain.now() + worlds.DURATION
    assert status.owner == world.owner
    assert world.gate.is_covered(account)
    assert not world.gate.is_liquidatable(account)


def test_nobody_opens_an_account_twice(world):
    account = world.open()
    with pytest.raises(errors.AccountExists) as refused:
        world.open()
    assert refused.value.arguments == {"account": "0x" + account.hex()}


def test_an_owner_opens_many_accounts(world):
    assert len({world.open(f"desk-{index}") for index in range(3)}) == 3


def test_opening_with_hidden_holdings_is_closed_without_the_switch(world):
    closed = Gate.deploy(world.chain, world.admin, replace(world.settings, trusted_opening=False))
    args = world.args("open", (world.owner, "desk-1"), 5)
    with pytest.raises(errors.OpeningClosed):
        closed.as_sender(world.owner).open("desk-1", 5, args)


def test_the_switch_is_refused_off_development_chains(synthetic, worlds, seed):
    with pytest.raises(errors.TrustedOpeningRefused) as refused:
        worlds.World(EmbeddedChain(chain_id=1, timestamp=1_790_000_000), synthetic, seed)
    assert refused.value.arguments == {"chainId": 1}
    worlds.World(EmbeddedChain(chain_id=1, timestamp=1_790_000_000), synthetic, seed, trusted=False)


def test_anyone_renews_and_cover_grows_but_never_shrinks(world, worlds):
    account = world.open()
    opened = world.gate.status_of(account)
    world.chain.advance(60)
    world.post_round(2)
    world.certify(account)
    renewed = world.gate.status_of(account)
    assert (renewed.round, renewed.nonce, renewed.expiry) == (2, 2, opened.expiry + 60)
    assert renewed.commitment == opened.commitment
    world.chain.advance(1)
    world.certify(account)
    assert world.gate.status_of(account).expiry == renewed.expiry


def test_a_renewal_at_an_older_round_is_refused(world):
    account = world.open()
    world.post_round(2)
    world.certify(account)
    with pytest.raises(errors.NotNewer) as refused:
        world.certify(account, round_=1)
    assert refused.value.arguments == {"round": 1, "than": 2}


def test_a_certificate_lapses_at_its_expiry_and_not_before(world, worlds):
    account = world.open()
    expiry = world.gate.status_of(account).expiry
    world.chain.set_time(expiry)
    assert world.gate.is_covered(account)
    with pytest.raises(errors.NotExpired) as refused:
        world.gate.lapse(account)
    assert refused.value.arguments == {"expiry": expiry}
    world.chain.advance(1)
    assert not world.gate.is_covered(account)
    world.post_round(2)
    world.gate.as_sender(world.stranger).lapse(account)
    assert world.gate.status_of(account).status == "lapsed"
    with pytest.raises(errors.StatusRefused):
        world.gate.lapse(account)
    world.certify(account)
    assert world.gate.is_covered(account)


def test_the_clock_of_a_lapse_stands_while_prices_are_stale(world, worlds):
    account = world.open()
    world.chain.advance(worlds.DURATION + 1)
    assert world.board.is_stale()
    with pytest.raises(errors.StaleRound):
        world.gate.lapse(account)


def test_the_clock_of_a_lapse_stands_when_nobody_could_renew(world, worlds):
    account = world.open()
    world.chain.advance(worlds.DURATION + 1)
    world.post_round(2)
    world.registry.disable(world.circuits["sufficiency"])
    with pytest.raises(errors.CircuitUnfit):
        world.gate.lapse(account)
    with pytest.raises(errors.CircuitUnfit):
        world.flag(account)


def test_the_escrow_is_asked_for_only_after_lapse_and_grace(world, worlds):
    account = world.open()
    with pytest.raises(errors.StatusRefused):
        world.gate.request_decryption(account)
    world.chain.advance(worlds.DURATION + 1)
    world.post_round(2)
    world.gate.lapse(account)
    lapsed = world.chain.now()
    world.chain.advance(worlds.GRACE // 2)
    world.post_round(3)
    world.chain.set_time(lapsed + worlds.GRACE)
    with pytest.raises(errors.GraceRunning) as refused:
        world.gate.request_decryption(account)
    assert refused.value.arguments == {"until": lapsed + worlds.GRACE}
    world.chain.advance(1)
    assert len(world.gate.request_decryption(account).logs) == 1


def test_grace_counts_from_the_end_of_a_stale_spell(world, worlds):
    account = world.open()
    world.chain.advance(worlds.DURATION + 1)
    world.post_round(2)
    world.gate.lapse(account)
    world.chain.advance(10 * worlds.GRACE)
    world.post_round(3)
    resumed = world.chain.now()
    with pytest.raises(errors.GraceRunning) as refused:
        world.gate.request_decryption(account)
    assert refused.value.arguments == {"until": resumed + worlds.GRACE}


@pytest.mark.parametrize("state", ["covered", "expired", "lapsed"])
def test_a_shortfall_proof_of_a_newer_round_flags_in_every_state(world, worlds, state):
    account = world.open()
    if state != "covered":
        world.chain.advance(worlds.DURATION + 1)
    world.post_round(2)
    if state == "lapsed":
        world.gate.lapse(account)
    world.flag(account)
    status = world.gate.status_of(account)
    assert (status.status, status.flag_round, status.nonce) == ("flagged", 2, 2)
    assert world.gate.is_liquidatable(account)
    assert not world.gate.is_covered(account)
    with pytest.raises(errors.StatusRefused):
        world.flag(account)
    with pytest.raises(errors.StatusRefused):
        world.gate.lapse(account)


def test_a_shortfall_of_the_certificates_own_round_flags_nobody(world):
    account = world.open()
    with pytest.raises(errors.NotNewer) as refused:
        world.flag(account)
    assert refused.value.arguments == {"round": 1, "than": 1}


def test_a_flag_is_lifted_only_by_a_newer_round(world):
    account = world.open()
    world.post_round(2)
    world.flag(account)
    with pytest.raises(errors.NotNewer):
        world.certify(account)
    world.post_round(3)
    world.certify(account)
    status = world.gate.status_of(account)
    assert (status.status, status.round) == ("covered", 3)
    assert not world.gate.is_liquidatable(account)


def test_one_accounts_flag_leaves_the_others_alone(world):
    first, second = world.open("one", 11), world.open("two", 12)
    before = world.gate.status_of(second)
    world.post_round(2)
    world.flag(first)
    assert world.gate.status_of(second) == before


def test_an_account_keeps_its_parameters_while_its_certificate_runs(world, worlds):
    account = world.open()
    expiry = world.gate.status_of(account).expiry
    world.chain.advance(60)
    world.post_round(2)
    world.post_version(200)
    with pytest.raises(errors.VersionRefused) as refused:
        world.flag(account, version=200)
    assert refused.value.arguments == {"version": 200, "expected": 100}
    world.certify(account, version=100)
    kept = world.gate.status_of(account)
    assert (kept.version, kept.round, kept.expiry) == (100, 2, expiry), "older parameters never buy more time"
    world.post_round(3)
    point = world.chain.snapshot()
    world.flag(account, version=100)
    assert world.gate.is_liquidatable(account)
    world.chain.revert(point)
    world.certify(account, version=200)
    assert world.gate.status_of(account).version == 200
    with pytest.raises(errors.VersionRefused):
        world.certify(account, version=100)


def test_older_parameters_end_with_the_certificate(world, worlds):
    account = world.open()
    world.post_version(200)
    world.chain.advance(worlds.DURATION + 1)
    world.post_round(2)
    for action in (world.certify, world.flag):
        with pytest.raises(errors.VersionRefused) as refused:
            action(account, version=100)
        assert refused.value.arguments == {"version": 100, "expected": 200}
    world.flag(account)


def test_new_accounts_meet_the_current_parameters(world):
    world.post_version(200)
    with pytest.raises(errors.VersionRefused):
        world.open(version=100)
    world.open()


def test_unknown_accounts_are_named(world):
    stranger = bytes(32)
    for function in ("lapse", "requestDecryption"):
        with pytest.raises(errors.UnknownAccount):
            world.gate.send(function, stranger)
    with pytest.raises(errors.UnknownAccount):
        world.gate.status_of(stranger)
    assert not world.gate.is_covered(stranger)
    assert not world.gate.is_liquidatable(stranger)


def test_a_gate_is_built_on_circuits_that_fit_it_only(world):
    def build(**changed):
        return Gate.deploy(world.chain, world.admin, replace(world.settings, **changed))

    with pytest.raises(errors.UnknownCircuit):
        build(sufficiency_circuit=bytes(32))
    with pytest.raises(errors.CircuitUnfit):
        build(shortfall_circuit=world.circuits["sufficiency"])
    other = world.synthetic.SyntheticKey(4, world.rng)
    bare = world.registry.register(key_bytes(other.points), 4, [])
    with pytest.raises(errors.CircuitUnfit):
        build(sufficiency_circuit=bare)
    with pytest.raises(errors.DurationTooShort):
        build(certificate_duration=600)
