"""V3, V4: a proof counts once, for one account, action, round, version, gate and chain, until its deadline."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from zkmargin.contracts import errors
from zkmargin.contracts.bindings import Gate
from zkmargin.contracts.encoding import account_id, context_of_certify, proof_words


def test_python_and_solidity_compute_the_same_contexts(world, seed):
    rng = Random(seed)
    account = world.open()
    commitment = world.gate.status_of(account).commitment
    for _ in range(20):
        terms = {
            "round_": rng.randrange(1 << 64),
            "version": rng.randrange(1 << 64),
            "nonce": rng.randrange(1 << 40),
            "deadline": rng.randrange(1 << 64),
        }
        label, fresh = f"label {rng.randrange(100)}", rng.randrange(world.synthetic.R)
        opened = world.gate.context_of_open(world.owner, label, fresh, **terms)
        assert opened == world.context("open", (world.owner, label), fresh, **terms) < 1 << 248
        assert world.gate.context_of_certify(account, **terms) == world.context("certify", account, commitment, **terms)
        assert world.gate.context_of_flag(account, **terms) == world.context("flag", account, commitment, **terms)
        assert world.gate.account_id(world.owner, label) == account_id(world.owner, label)


def test_a_replay_is_refused_by_its_nonce(world):
    account = world.open()
    args = world.args("certify", account, 1234567)
    world.gate.certify(account, args)
    with pytest.raises(errors.NonceUsed) as refused:
        world.gate.certify(account, args)
    assert refused.value.arguments == {"expected": 2, "given": 1}
    with pytest.raises(errors.ProofRejected):
        world.gate.certify(account, replace(args, nonce=2))


def test_rerandomised_copies_verify_and_none_passes_twice(world, synthetic, seed, tally):
    """V3: 100 copies of one accepted proof."""
    rng = Random(seed)
    account = world.open()
    key = world.keys["sufficiency"]
    terms = {"round_": 1, "version": 100, "nonce": 1, "deadline": world.chain.now() + 300}
    context = world.context("certify", account, 1234567, **terms)
    proof = key.prove(world.public([1234567, 0, context], 1, 100, 1))
    ids, ys = world.table_ids(1, 100, 1), world.ys(key, 1, 100, 1)
    args = world.args("certify", account, 1234567, **terms)
    world.gate.certify(account, replace(args, proof=proof_words(proof)))
    for _ in range(100):
        copy = proof_words(synthetic.rerandomise(proof, key, rng))
        assert copy != proof_words(proof)
        world.registry.verify(world.circuits["sufficiency"], copy, [1234567, 0, context], ids, ys)
        with pytest.raises(errors.NonceUsed):
            world.gate.certify(account, replace(args, proof=copy))
    tally("V3", "re-randomised copies of an accepted proof, none passes the gate", 100)


def test_a_proof_is_bound_to_everything_the_gate_acts_on(world, tally):
    """V4: a proof whose context differs in any one part is refused."""
    account, other = world.open("one", 77), world.open("two", 77)
    world.post_round(2)
    twin = Gate.deploy(world.chain, world.admin, world.settings)
    deadline = world.chain.now() + 300
    terms = {"round_": 2, "version": 100, "nonce": 1, "deadline": deadline}
    good = world.context("certify", account, 77, **terms)
    wrong = {
        "account": world.context("certify", other, 77, **terms),
        "action": world.context("flag", account, 77, **terms),
        "commitment": world.context("certify", account, 78, **terms),
        "round": world.context("certify", account, 77, **{**terms, "round_": 1}),
        "version": world.context("certify", account, 77, **{**terms, "version": 99}),
        "nonce": world.context("certify", account, 77, **{**terms, "nonce": 0}),
        "deadline": world.context("certify", account, 77, **{**terms, "deadline": deadline + 1}),
        "gate": twin.context_of_certify(account, **terms),
        "opening": world.context("open", (world.owner, "one"), 77, **terms),
        "neighbour": good + 1,
        "nothing": 0,
    }
    gate, circuits = world.gate.address, world.circuits
    wrong["chain"] = context_of_certify(1, gate, circuits["sufficiency"], account, 77, **terms)
    wrong["circuit"] = context_of_certify(31_337, gate, circuits["shortfall"], account, 77, **terms)
    assert len({*wrong.values(), good}) == len(wrong) + 1
    for name, context in wrong.items():
        args = world.args("certify", account, 77, context=context, **terms)
        with pytest.raises(errors.ProofRejected):
            world.gate.certify(account, args)
        assert world.gate.status_of(account).nonce == 1, f"a proof with another {name} was accepted"
    world.gate.certify(account, world.args("certify", account, 77, context=good, **terms))
    tally("V4", "contexts that differ in one part, on chain", len(wrong))


def test_a_proof_is_bound_to_its_arguments(world):
    """V4 from the outside: a good proof, one argument exchanged."""
    account, other = world.open("one", 77), world.open("two", 77)
    world.post_round(2)
    world.post_version(200)
    args = world.args("certify", account, 77, version=100)
    key = world.keys["sufficiency"]
    with pytest.raises(errors.ProofRejected):
        world.gate.certify(other, args)
    with pytest.raises(errors.ProofRejected):
        world.gate.certify(account, replace(args, deadline=args.deadline + 1))
    market_y, _ = world.ys(key, 1, 100, 1)
    with pytest.raises(errors.ProofRejected):
        world.gate.certify(account, replace(args, round=1, market_y=market_y))
    _, parameters_y = world.ys(key, 2, 200, 1)
    with pytest.raises(errors.ProofRejected):
        world.gate.certify(account, replace(args, version=200, parameters_y=parameters_y))
    _, initial_y = world.ys(key, 2, 100, 0)
    with pytest.raises(errors.HintRefused):
        world.gate.certify(account, replace(args, parameters_y=initial_y))
    world.post_round(3)
    with pytest.raises((errors.ProofRejected, errors.HintRefused)):
        world.gate.flag(account, replace(args, round=3))
    world.gate.certify(account, args)


def test_an_opening_belongs_to_its_sender_label_and_commitment(world):
    args = world.args("open", (world.owner, "desk-1"), 77)
    gate = world.gate
    with pytest.raises(errors.ProofRejected):
        gate.as_sender(world.stranger).open("desk-1", 77, args)
    with pytest.raises(errors.ProofRejected):
        gate.as_sender(world.owner).open("desk-2", 77, args)
    with pytest.raises(errors.ProofRejected):
        gate.as_sender(world.owner).open("desk-1", 78, args)
    with pytest.raises(errors.InputNotCanonical) as refused:
        gate.as_sender(world.owner).open("desk-1", 77 + world.synthetic.R, args)
    assert refused.value.arguments["index"] == 0
    gate.as_sender(world.owner).open("desk-1", 77, args)


def test_an_opening_must_meet_initial_margin(world):
    """A proof against the maintenance table opens nothing."""
    key = world.keys["sufficiency"]
    args = world.args("open", (world.owner, "desk-1"), 77)
    terms = {"round_": 1, "version": 100, "nonce": 0, "deadline": args.deadline}
    context = world.context("open", (world.owner, "desk-1"), 77, **terms)
    weak = proof_words(key.prove(world.public([77, 0, context], 1, 100, 1)))
    with pytest.raises(errors.ProofRejected):
        world.gate.as_sender(world.owner).open("desk-1", 77, replace(args, proof=weak))
    _, maintenance_y = world.ys(key, 1, 100, 1)
    hinted = replace(args, proof=weak, parameters_y=maintenance_y)
    with pytest.raises(errors.HintRefused):
        world.gate.as_sender(world.owner).open("desk-1", 77, hinted)


def test_credit_is_the_gates_not_the_provers(world):
    account = world.open("one", 77)
    key = world.keys["sufficiency"]
    terms = {"round_": 1, "version": 100, "nonce": 1, "deadline": world.chain.now() + 300}
    context = world.context("certify", account, 77, **terms)
    args = world.args("certify", account, 77, **terms)
    rich = proof_words(key.prove(world.public([77, 1, context], 1, 100, 1)))
    with pytest.raises(errors.ProofRejected):
        world.gate.certify(account, replace(args, proof=rich))


def test_a_sufficiency_proof_flags_nobody_and_a_shortfall_proof_covers_nobody(world):
    account = world.open("one", 77)
    world.post_round(2)
    terms = {"round_": 2, "version": 100, "nonce": 1, "deadline": world.chain.now() + 300}
    for action, key in (("certify", world.keys["shortfall"]), ("flag", world.keys["sufficiency"])):
        args = world.args(action, account, 77, **terms)
        context = world.context(action, account, 77, **terms)
        other = proof_words(key.prove(world.public([77, 0, context], 2, 100, 1)))
        with pytest.raises(errors.ProofRejected):
            getattr(world.gate, action)(account, replace(args, proof=other))


def test_a_passed_deadline_is_refused(world):
    account = world.open()
    args = world.args("certify", account, 1234567)
    point = world.chain.snapshot()
    world.chain.set_time(args.deadline)
    world.gate.certify(account, args)
    world.chain.revert(point)
    world.chain.set_time(args.deadline + 1)
    with pytest.raises(errors.DeadlinePassed) as refused:
        world.gate.certify(account, args)
    assert refused.value.arguments == {"deadline": args.deadline, "blockTimestamp": args.deadline + 1}


def test_rounds_behind_the_window_are_refused(world, worlds):
    account = world.open()
    for number in range(2, 2 + worlds.WINDOW + 1):
        world.post_round(number)
    with pytest.raises(errors.RoundTooOld) as refused:
        world.certify(account, round_=1)
    assert refused.value.arguments == {"round": 1, "latest": 4, "window": worlds.WINDOW}
    world.certify(account, round_=2)
    unknown = replace(world.args("certify", account, 1234567), round=5)
    with pytest.raises(errors.UnknownRound):
        world.gate.certify(account, unknown)


def test_stale_rounds_are_refused(world, worlds):
    account = world.open()
    world.chain.advance(worlds.STALENESS)
    point = world.chain.snapshot()
    world.certify(account)
    world.chain.revert(point)
    world.chain.advance(1)
    with pytest.raises(errors.StaleRound):
        world.certify(account)
    with pytest.raises(errors.StaleRound):
        world.open("desk-2")
    world.post_round(2)
    world.certify(account)
    with pytest.raises(errors.StaleRound):
        world.flag(account, round_=1)


def test_a_disabled_circuit_accepts_nothing(world):
    account = world.open()
    world.post_round(2)
    world.registry.disable(world.circuits["shortfall"])
    with pytest.raises(errors.CircuitDisabled):
        world.flag(account)
    world.registry.disable(world.circuits["sufficiency"])
    with pytest.raises(errors.CircuitDisabled):
        world.certify(account)


def test_garbage_is_refused_by_name(world):
    account = world.open()
    args = world.args("certify", account, 1234567)
    q = world.synthetic.Q
    a = args.proof
    cases = {
        errors.ProofNotCanonical: [a[0], a[1] + q, *a[2:]],
        errors.MalformedProof: [a[0], (a[1] + 1) % q, *a[2:]],
        errors.ProofRejected: [a[0], q - a[1], *a[2:]],
    }
    for error, words in cases.items():
        with pytest.raises(error):
            world.gate.certify(account, replace(args, proof=words))
