"""Many accounts renewed by one pairing: the stale are dropped, the wrong stop everything (GATE_A, GATE_C, GATE_D)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zkmargin.contracts import errors
from zkmargin.contracts.chain import OutOfGas
from zkmargin.contracts.encoding import proof_words
from zkmargin.kernel import Proof
from zkmargin.kernel.errors import ContractError


@pytest.fixture
def accounts(world):
    """Four covered accounts of the owner."""
    return [world.open(f"desk-{index}", 1000 + index) for index in range(4)]


def arguments(world, accounts, **given):
    commitments = [world.gate.status_of(account).commitment for account in accounts]
    return [world.args("certify", account, c, **given) for account, c in zip(accounts, commitments, strict=True)]


def send(world, accounts, args, gas=None):
    return world.gate.as_sender(world.stranger).certify_batch(accounts, args, gas)


def statuses(world, accounts):
    return [world.gate.status_of(account) for account in accounts]


def test_a_batch_does_what_single_renewals_do(world, accounts):
    world.chain.advance(100)
    world.post_round(2)
    args = arguments(world, accounts)
    point = world.chain.snapshot()
    for account, one in zip(accounts, args, strict=True):
        world.gate.certify(account, one)
    alone = statuses(world, accounts)
    world.chain.revert(point)
    receipt = send(world, accounts, args)
    assert statuses(world, accounts) == alone
    assert world.gate.dropped(receipt) == []
    assert len(receipt.logs) == 4


def test_a_stale_item_is_dropped_and_the_others_are_covered(world, accounts, tally):
    """Each reason an item can have become stale for between its making and its block."""
    world.chain.advance(10)
    world.post_round(2)
    before = statuses(world, accounts)
    args = arguments(world, accounts)
    stale = {
        "DeadlinePassed": replace(args[1], deadline=world.chain.now() - 1),
        "NonceUsed": replace(args[1], nonce=args[1].nonce + 1),
        "UnknownRound": replace(args[1], round=3),
        "VersionRefused": replace(args[1], version=99),
    }
    for reason, item in stale.items():
        point = world.chain.snapshot()
        receipt = send(world, accounts, [args[0], item, *args[2:]])
        assert world.gate.dropped(receipt) == [(accounts[1], reason)]
        after = statuses(world, accounts)
        assert after[1] == before[1]
        assert [one.nonce for one in after] == [2, 1, 2, 2]
        world.chain.revert(point)
    receipt = send(world, [accounts[0], bytes(32)], args[:2])
    assert world.gate.dropped(receipt) == [(bytes(32), "UnknownAccount")]
    tally("F2", "reasons to drop an item, the others covered", len(stale) + 1)


def test_old_rounds_and_rounds_before_the_flag_are_dropped(world, accounts):
    old = arguments(world, accounts, round_=1, deadline=world.chain.now() + 3_000)
    world.post_round(2)
    world.flag(accounts[2])
    flagged = world.args("certify", accounts[2], 1002, round_=2)
    receipt = send(world, accounts[:3], [*old[:2], flagged])
    assert world.gate.dropped(receipt) == [(accounts[2], "NotNewer")]
    world.chain.advance(700)
    for number in (3, 4, 5):
        world.post_round(number)
    receipt = send(world, [accounts[3]], [old[3]])
    assert world.gate.dropped(receipt) == [(accounts[3], "RoundTooOld")]


def test_a_batch_of_stale_items_covers_nobody(world, accounts):
    args = [replace(one, nonce=7) for one in arguments(world, accounts)]
    before = statuses(world, accounts)
    receipt = send(world, accounts, args)
    assert world.gate.dropped(receipt) == [(account, "NonceUsed") for account in accounts]
    assert statuses(world, accounts) == before
    assert world.gate.dropped(send(world, [], [])) == []


def test_a_proof_counts_once_within_a_batch_and_after_it(world, accounts):
    args = arguments(world, accounts)
    receipt = send(world, [*accounts, accounts[0]], [*args, args[0]])
    assert world.gate.dropped(receipt) == [(accounts[0], "NonceUsed")]
    assert [one.nonce for one in statuses(world, accounts)] == [2, 2, 2, 2]
    assert world.gate.dropped(send(world, accounts, args)) == [(account, "NonceUsed") for account in accounts]
    with pytest.raises(errors.NonceUsed):
        world.gate.certify(accounts[0], args[0])
    # Two proofs of one account, each with its own nonce, both count.
    following = [world.args("certify", accounts[0], 1000, nonce=nonce) for nonce in (2, 3)]
    assert world.gate.dropped(send(world, [accounts[0]] * 2, following)) == []
    assert world.gate.status_of(accounts[0]).nonce == 4


def test_a_rerandomised_copy_counts_as_little_as_the_proof_itself(world, accounts, synthetic):
    """V3: another valid proof of the same statement, made without the witness, in the same batch."""
    args = arguments(world, accounts[:1])[0]
    words = args.proof
    proof = Proof((words[0], words[1]), ((words[3], words[2]), (words[5], words[4])), (words[6], words[7]))
    copy = proof_words(synthetic.rerandomise(proof, world.keys["sufficiency"], world.rng))
    assert copy != words
    again = replace(args, proof=copy)
    for batch in ([args, again], [again, args]):
        point = world.chain.snapshot()
        receipt = send(world, accounts[:1] * 2, batch)
        assert world.gate.dropped(receipt) == [(accounts[0], "NonceUsed")]
        assert world.gate.status_of(accounts[0]).nonce == 2
        world.chain.revert(point)


def test_a_wrong_proof_stops_the_batch_and_nothing_is_kept(world, accounts, synthetic):
    args = arguments(world, accounts)
    before = statuses(world, accounts)
    words = list(args[1].proof)
    wrong = {
        errors.BatchRejected: [
            replace(args[1], proof=args[2].proof),
            replace(args[1], proof=[words[0], synthetic.Q - words[1], *words[2:]]),
        ],
        errors.MalformedItem: [replace(args[1], proof=[*words[:7], words[7] ^ 1])],
        errors.ItemNotCanonical: [replace(args[1], proof=[words[0] + synthetic.Q, *words[1:]])],
        errors.HintRefused: [replace(args[1], market_y=5)],
    }
    for error, items in wrong.items():
        for item in items:
            with pytest.raises(error):
                send(world, accounts, [args[0], item, *args[2:]])
            assert statuses(world, accounts) == before
    with pytest.raises(errors.BatchLengthsDiffer):
        send(world, accounts, args[:3])
    # The way back that the documentation tells: halves, and the right ones are covered.
    send(world, accounts[2:], args[2:])
    world.gate.certify(accounts[0], args[0])
    assert [one.nonce for one in statuses(world, accounts)] == [2, 1, 2, 2]


def test_items_cannot_be_exchanged_between_accounts(world, accounts):
    """Same holdings, same nonce: the context tells the accounts apart."""
    twins = [world.open(f"twin-{index}", 77) for index in range(2)]
    args = arguments(world, twins)
    with pytest.raises(errors.BatchRejected):
        send(world, twins, args[::-1])
    send(world, twins, args)


def test_an_unfolded_table_or_disabled_circuit_stops_the_batch(world, accounts, worlds):
    world.board.post(2, world.chain.now(), worlds.PRICES)
    world.rounds[2] = worlds.PRICES
    args = arguments(world, accounts, round_=2)
    with pytest.raises(errors.NotFolded):
        send(world, accounts, args)
    world.registry.fold(world.circuits["sufficiency"], 0, world.board.round_table(2))
    send(world, accounts, args)
    world.registry.disable(world.circuits["sufficiency"])
    with pytest.raises(errors.CircuitDisabled):
        send(world, accounts, arguments(world, accounts))


def test_too_little_gas_never_drops_an_item(world, accounts, tally):
    """A relayer who starves the checks gets a refusal, not a dropped account."""
    args = arguments(world, accounts[:2])
    seen = {}
    for gas in range(80_000, 620_000, 9_000):
        point = world.chain.snapshot()
        try:
            receipt = send(world, accounts[:2], args, gas)
            assert world.gate.dropped(receipt) == []
            said = "covered"
        except OutOfGas:
            said = "OutOfGas"
        except errors.SolidityError as error:
            said = error.name
        except ContractError as error:
            said = error.code  # a view of the gate that ran out of gas itself
        world.chain.revert(point)
        seen[said] = seen.get(said, 0) + 1
    tally("V2", "gas limits: a batch drops nobody for lack of gas", sum(seen.values()))
    assert set(seen) <= {"covered", "OutOfGas", "GasTooLow", "ItemGasTooLow", "reverted"}
    assert {"covered", "GasTooLow"} <= set(seen)


def test_certifiable_says_what_certify_would_meet(world, accounts):
    now = world.chain.now()
    terms = {"round_": 1, "version": 100, "nonce": 1, "deadline": now + 5}
    market, parameters, expiry = world.gate.certifiable(accounts[0], **terms)
    assert [market, parameters] == world.table_ids(1, 100, 1)
    assert expiry == world.gate.status_of(accounts[0]).expiry
    with pytest.raises(errors.DeadlinePassed):
        world.gate.certifiable(accounts[0], **{**terms, "deadline": now - 1})


def test_no_post_uses_up_rounds_or_versions(world, worlds):
    """A poster with one bad number cannot stop the feed for ever."""
    far = 1 << 32
    now = world.chain.now()
    for bad in (2 + far, 1 << 63, (1 << 64) - 1):
        with pytest.raises(errors.RoundTooFar):
            world.board.post(bad, now, worlds.PRICES)
    world.board.post(1 + far, now, worlds.PRICES)
    world.board.post(2 + far, now, worlds.PRICES)
    levels = (worlds.INITIAL_CELLS, worlds.MAINTENANCE_CELLS)
    for bad in (now + 86_401, 1 << 63, (1 << 64) - 1):
        with pytest.raises(errors.VersionTooFar):
            world.book.post(bad, *levels)
    world.book.post(now + 86_400, *levels)
    world.chain.advance(1)
    world.book.post(now + 86_401, *levels)
