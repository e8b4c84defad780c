"""What an adversary of the gate tries for money: to hide a shortfall, to outrun a flag, to smuggle a proof in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zkmargin.contracts import errors
from zkmargin.kernel import Q
from zkmargin.kernel.errors import ContractError


def test_nobody_flags_himself_to_keep_his_opening_from_the_guardians(world, worlds):
    """A short owner who flags himself never lapses; after his certificate the escrow is asked for all the same."""
    account = world.open()
    world.post_round(2)
    world.flag(account)
    expiry = world.gate.status_of(account).expiry
    with pytest.raises(errors.GraceRunning) as refused:
        world.gate.request_decryption(account)
    assert refused.value.arguments == {"until": expiry + worlds.GRACE}, "not while the certificate would have run"
    world.chain.set_time(expiry - 1)
    world.post_round(3)  # prices come back: the grace counts from the expiry, not from here
    world.chain.set_time(expiry + worlds.STALENESS - 2)
    world.post_round(4)
    with pytest.raises(errors.StatusRefused):
        world.gate.lapse(account)
    world.chain.set_time(expiry + worlds.GRACE)
    with pytest.raises(errors.GraceRunning):
        world.gate.request_decryption(account)
    world.chain.advance(1)
    assert len(world.gate.request_decryption(account).logs) == 1


def test_a_flag_within_the_grace_does_not_stop_the_request(world, worlds):
    """Lapsed first, flagged by himself before the grace is over: the clock of the lapse goes on."""
    account = world.open()
    world.chain.advance(worlds.DURATION + 1)
    world.post_round(2)
    world.gate.lapse(account)
    lapsed = world.chain.now()
    world.flag(account)
    world.chain.set_time(lapsed + worlds.STALENESS)
    world.post_round(3)
    world.chain.set_time(lapsed + worlds.GRACE)
    with pytest.raises(errors.GraceRunning) as refused:
        world.gate.request_decryption(account)
    assert refused.value.arguments == {"until": lapsed + worlds.GRACE}
    world.chain.advance(1)
    assert len(world.gate.request_decryption(account).logs) == 1


def test_burnt_nonces_hold_off_a_flag_no_longer_than_the_window(world, worlds, tally):
    """Short at the newest round, healthy at one before: a renewal in front of each flag spoils its nonce a while."""
    account = world.open()
    world.post_round(2)
    burnt = 0
    for number in range(3, 3 + worlds.WINDOW):  # short from round 3 on
        world.chain.advance(10)
        world.post_round(number)
        shortfall = world.args("flag", account, world.gate.status_of(account).commitment)
        world.certify(account, round_=2)
        burnt += 1
        with pytest.raises(errors.NonceUsed):
            world.gate.flag(account, shortfall)
    world.post_round(3 + worlds.WINDOW)
    with pytest.raises(errors.RoundTooOld):
        world.certify(account, round_=2)
    world.flag(account)
    assert world.gate.is_liquidatable(account)
    tally("GATE", "flags held off by burnt nonces, and flagged once the window has passed", burnt)


def test_a_batch_that_shares_its_bytes_proves_no_more(world):
    """Two items whose calldata is one: a good proof twice, a bad one never; lengths that reach outside are refused."""
    accounts = [world.open(f"desk-{index}", 5) for index in range(2)]
    args = world.args("certify", accounts[0], 5)
    singles = [5, 0, world.context("certify", accounts[0], 5, round_=1, version=100, nonce=1, deadline=args.deadline)]
    one = (list(args.proof), singles, world.table_ids(1, 100, 1), [args.market_y, args.parameters_y])
    circuit = world.circuits["sufficiency"]
    data = world.registry.data("verifyBatch", circuit, [one, one])
    offsets = 4 + 32 * 3  # selector, circuit, offset of the array, its length
    shared = bytearray(data)
    shared[offsets + 32 : offsets + 64] = shared[offsets : offsets + 32]
    call = world.chain.call
    assert call(world.registry.address, bytes(shared), world.stranger) == b""
    at = offsets + int.from_bytes(data[offsets : offsets + 32], "big")  # the first item: its proof, then three offsets
    bad = bytearray(shared)
    bad[at + 256 + 32 : at + 256 + 64] = bad[at + 256 + 64 : at + 256 + 96]  # its table ids are read from its hints
    for wrong in (bad, _long(shared, at)):
        with pytest.raises(ContractError):
            call(world.registry.address, bytes(wrong), world.stranger)
    # The gate names the inputs itself: one good proof handed in for both accounts covers neither.
    with pytest.raises(errors.BatchRejected):
        world.gate.certify_batch(accounts, [args, args])
    assert [world.gate.status_of(account).nonce for account in accounts] == [1, 1]


def _long(data, at):
    """The same with a hundred thousand single inputs said to be there."""
    changed = bytearray(data)
    place = at + int.from_bytes(data[at + 256 : at + 288], "big")
    changed[place : place + 32] = (100_000).to_bytes(32, "big")
    return changed


def test_whatever_a_batch_drops_leaves_no_gap_in_what_it_proves(world):
    """Dropped items around a wrong proof: it is still the proof that is checked."""
    accounts = [world.open(f"desk-{index}", 10 + index) for index in range(4)]
    args = [world.args("certify", account, 10 + index) for index, account in enumerate(accounts)]
    stale = [replace(one, nonce=0) for one in args]
    wrong = replace(args[3], proof=args[1].proof)
    for batch in ([stale[0], args[1], stale[2], wrong], [stale[0], stale[1], stale[2], wrong]):
        with pytest.raises(errors.BatchRejected):
            world.gate.certify_batch(accounts, batch)
    receipt = world.gate.certify_batch(accounts, [stale[0], args[1], stale[2], args[3]])
    assert [name for _, name in world.gate.dropped(receipt)] == ["NonceUsed", "NonceUsed"]
    assert [world.gate.status_of(account).nonce for account in accounts] == [1, 2, 1, 2]


def test_no_point_but_infinity_is_stored_with_abscissa_zero():
    assert pow(3, (Q - 1) // 2, Q) == Q - 1, "3 is a square: (0, y) would be a point and infinity's slot ambiguous"
