"""GATE_A to GATE_E and SOLV_B: random histories, the gate and a plain Python model in step, with a real verifier.

- GATE_A nothing opens and nothing is covered without a fresh valid proof.
- GATE_B no action makes a covered account uncovered except time and a proof of shortfall.
- GATE_C one account's action never changes another's status.
- GATE_D a proof counts once.
- GATE_E stale rounds, passed deadlines, unknown accounts and rounds always revert.
- SOLV_B the contract's state is the model's.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from zkmargin.contracts import errors
from zkmargin.contracts.encoding import label_bytes

STEPS = 50
LABELS = ("one", "two", "three")


@dataclass
class Model:
    """What the gate should know: accounts by label, round times, versions, the time."""

    worlds: object
    now: int
    rounds: dict = field(default_factory=dict)
    versions: list = field(default_factory=list)
    accounts: dict = field(default_factory=dict)

    def timely(self, args, nonce):
        """The first of the gate's common checks that fails."""
        if self.now > args.deadline:
            return "DeadlinePassed"
        if args.nonce != nonce:
            return "NonceUsed"
        if args.round not in self.rounds:
            return "UnknownRound"
        if max(self.rounds) - args.round > self.worlds.WINDOW:
            return "RoundTooOld"
        return "StaleRound" if self.stale(args.round) else None

    def stale(self, number):
        return self.now > self.rounds[number] + self.worlds.STALENESS

    def running(self, account):
        return self.now <= account["expiry"]

    def open(self, label, args, good):
        if label in self.accounts:
            return "AccountExists"
        refused = self.timely(args, 0)
        if refused or args.version != self.versions[-1]:
            return refused or "VersionRefused"
        if not good:
            return "ProofRejected"
        self.accounts[label] = {"status": "none", "nonce": 0, "expiry": 0, "lapsed_at": 0, "flag_round": 0}
        self.cover(label, args, self.rounds[args.round] + self.worlds.DURATION)
        return None

    def certify(self, label, args, good):
        account = self.accounts.get(label)
        if account is None:
            return "UnknownAccount"
        refused = self.timely(args, account["nonce"])
        if refused:
            return refused
        flagged = account["status"] == "flagged"
        if args.round <= account["flag_round"] if flagged else args.round < account["round"]:
            return "NotNewer"
        expiry = self.rounds[args.round] + self.worlds.DURATION
        if args.version != self.versions[-1]:
            if not (self.running(account) and args.version == account["version"]):
                return "VersionRefused"
            expiry = account["expiry"]
        if not good:
            return "ProofRejected"
        self.cover(label, args, expiry)
        return None

    def cover(self, label, args, expiry):
        account = self.accounts[label]
        account.update(status="covered", nonce=account["nonce"] + 1, round=args.round, version=args.version)
        account["expiry"] = max(account["expiry"], expiry)

    def flag(self, label, args, good):
        account = self.accounts.get(label)
        if account is None or account["status"] == "flagged":
            return "UnknownAccount" if account is None else "StatusRefused"
        refused = self.timely(args, account["nonce"])
        if refused:
            return refused
        if args.round <= account["round"]:
            return "NotNewer"
        if args.version != (account["version"] if self.running(account) else self.versions[-1]):
            return "VersionRefused"
        if not good:
            return "ProofRejected"
        account.update(status="flagged", flag_round=args.round, nonce=account["nonce"] + 1)
        return None

    def lapse(self, label):
        account = self.accounts.get(label)
        if account is None:
            return "UnknownAccount"
        if account["status"] != "covered":
            return "StatusRefused"
        if self.running(account):
            return "NotExpired"
        if self.stale(max(self.rounds)):
            return "StaleRound"
        account.update(status="lapsed", lapsed_at=self.now)
        return None


class Driver:
    """Does one random step on the chain and in the model."""

    def __init__(self, world, worlds, rng):
        self.world, self.rng = world, rng
        self.model = Model(worlds, world.chain.now(), {1: world.chain.now()}, [100])
        self.accepted = []

    def step(self):
        """Return the name of what was done and how it was refused, None if it was not."""
        action = self.rng.choices(
            ("wait", "round", "version", "open", "certify", "batch", "flag", "lapse", "replay"),
            (4, 5, 1, 4, 7, 3, 6, 3, 3),
        )[0]
        return action, getattr(self, f"do_{action}")()

    def do_wait(self):
        self.world.chain.advance(self.rng.choice((1, 60, 200, 400, 700, 3_700)))
        self.model.now = self.world.chain.now()

    def do_round(self):
        number = max(self.model.rounds) + self.rng.choice((1, 1, 1, 2))
        self.world.post_round(number)
        self.model.rounds[number] = self.model.now

    def do_version(self):
        number = self.model.versions[-1] + 1
        self.world.post_version(number)
        self.model.versions.append(number)

    def do_open(self):
        return self._prove("open")

    def do_certify(self):
        return self._prove("certify")

    def do_flag(self):
        return self._prove("flag")

    def do_batch(self):
        """Renew one to three accounts at once, the same one twice now and then."""
        labels = [self._label() for _ in range(self.rng.randint(1, 3))]
        items = [(label, *self._make("certify", label)) for label in labels]
        before, dropped, covered = deepcopy(self.model.accounts), [], []
        for label, args, good in items:
            refused = self.model.certify(label, args, good)
            if refused == "ProofRejected":
                self.model.accounts = before
                self._expect("BatchRejected", lambda: self._batch(items))
                return "BatchRejected"
            if refused:
                dropped.append((self._account(label), refused))
            else:
                covered.append(("certify", label, args))
        assert self.world.gate.dropped(self._batch(items)) == dropped
        self.accepted += covered
        return None if covered else "all dropped"

    def _batch(self, items):
        accounts = [self._account(label) for label, _, _ in items]
        return self.world.gate.as_sender(self.world.stranger).certify_batch(accounts, [args for _, args, _ in items])

    def do_lapse(self):
        label = self._label()
        expected = self.model.lapse(label)
        self._expect(expected, lambda: self.world.gate.lapse(self._account(label)))
        return expected

    def do_replay(self):
        """Hand in an accepted proof again, as it was or with the nonce of today."""
        if not self.accepted:
            return "nothing"
        action, label, args = self.rng.choice(self.accepted)
        if action != "open" and self.rng.random() < 0.5:
            args = replace(args, nonce=self.model.accounts[label]["nonce"])
        expected = getattr(self.model, action)(label, args, False)
        assert expected is not None
        self._expect(expected, lambda: self._send(action, label, args))
        return expected

    def _prove(self, action):
        label = self.rng.choice(LABELS) if action == "open" else self._label()
        args, good = self._make(action, label)
        expected = getattr(self.model, action)(label, args, good)
        self._expect(expected, lambda: self._send(action, label, args))
        if expected is None:
            self.accepted.append((action, label, args))
        return expected

    def _make(self, action, label):
        """Return arguments that are right in most terms, and whether their proof is."""
        world, rng = self.world, self.rng
        account = self.model.accounts.get(label)
        terms = {
            "round_": max(max(self.model.rounds) - rng.choice((0, 0, 0, 1, 3)), 1),
            "version": rng.choice((self.model.versions[-1], (account or {}).get("version", 100))),
            "nonce": (account["nonce"] if account and action != "open" else 0) + rng.choice((0,) * 9 + (1,)),
            "deadline": self.model.now + rng.choice((0, 300, 300, 300, -1)),
        }
        known = terms["round_"] in world.rounds
        proved = terms if known else {**terms, "round_": max(world.rounds)}
        subject = (world.owner, label) if action == "open" else self._account(label)
        good = rng.random() < 0.8
        context = world.context(action, subject, self._commitment(label), **proved)
        args = world.args(action, subject, self._commitment(label), context=context + (not good), **proved)
        return replace(args, round=terms["round_"]), good

    def _send(self, action, label, args):
        if action == "open":
            self.world.gate.as_sender(self.world.owner).open(label, self._commitment(label), args)
        else:
            getattr(self.world.gate.as_sender(self.world.stranger), action)(self._account(label), args)

    def _expect(self, expected, send):
        if expected is None:
            send()
            return
        with pytest.raises(errors.error_class(expected)):
            send()

    def _label(self):
        """An account that is open, most of the time."""
        return self.rng.choice(list(self.model.accounts) * 10 + list(LABELS))

    def _account(self, label):
        return self.world.gate.account_id(self.world.owner, label)

    @staticmethod
    def _commitment(label):
        return int.from_bytes(label_bytes(label), "big") >> 8

    def compare(self):
        """SOLV_B: the chain's accounts are the model's, and so are the answers to other contracts."""
        for label in LABELS:
            gate, account = self.world.gate, self._account(label)
            expected = self.model.accounts.get(label)
            if expected is None:
                assert not gate.is_covered(account)
                assert not gate.is_liquidatable(account)
                continue
            status = gate.status_of(account)
            assert {name: getattr(status, name) for name in expected} == expected
            assert status.commitment == self._commitment(label)
            covered = expected["status"] == "covered" and self.model.running(expected)
            assert gate.is_covered(account) == covered
            assert gate.is_liquidatable(account) == (expected["status"] == "flagged")


def test_the_gate_and_its_model_never_part(world, worlds, seed, goal, tally):
    done: Counter[tuple[str, str | None]] = Counter()
    rounds, versions = dict(world.rounds), dict(world.versions)
    run, aim = 0, goal(200, 2_000)
    while not aim.reached(run):
        point = world.chain.snapshot()
        driver = Driver(world, worlds, Random(seed + run))
        run += 1
        for _ in range(STEPS):
            done[driver.step()] += 1
            driver.compare()
        world.chain.revert(point)
        world.rounds, world.versions = dict(rounds), dict(versions)
    tally("GATE", f"runs of {STEPS} actions, after each of which the gate is its model", run, 0, aim.asked)
    for (action, refusal), count in sorted(done.items(), key=str):
        print(f"{count:6} {action} {refusal or 'done'}")
    for action in ("open", "certify", "batch", "flag", "lapse"):
        assert done[action, None] > 0
    seen = {refusal for _, refusal in done}
    assert seen >= {"NonceUsed", "ProofRejected", "RoundTooOld", "StaleRound", "DeadlinePassed", "NotNewer"}
    assert seen >= {"UnknownAccount", "AccountExists", "VersionRefused", "StatusRefused", "NotExpired"}
    assert done["batch", "BatchRejected"] > 0
