"""Many proofs under one key: one check for all, and the names of the wrong ones when it fails.

Each proof's public inputs are checked against schema and demands first: a proof about impossible tables proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..kernel import verify, verify_batch
from ..kernel.arguments import a, many, takes
from ..kernel.errors import FormatError, InputError, ProofRejected
from .check import Demands, Verified, check_statement, refuse_lies
from .proof_files import ProofFiles
from .statement_keys import JudgedKey

__all__ = ["Verdict", "repeated", "verify_many"]


@dataclass(frozen=True)
class Verdict:
    """What came of one proof: what it says when it holds, else a reason for machines and a sentence."""

    verified: Verified | None
    reason: str | None = None
    message: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the proof holds."""
        return self.verified is not None

    @classmethod
    def refused(cls, error: InputError | ProofRejected) -> Verdict:
        """Return the verdict that an exception tells."""
        return cls(None, error.code, error.message)


@takes(
    judged=a("a JudgedKey", JudgedKey), items=many("a list of ProofFiles", ProofFiles), demands=a("Demands", Demands)
)
def verify_many(
    judged: JudgedKey,
    items: Sequence[ProofFiles],
    demands: Demands = Demands(),  # noqa: B008 - frozen
) -> list[Verdict]:
    """Return a verdict a proof, in order, as `verify_statement` would give it; reasons are its codes.

    While all proofs hold this is one check. A wrong one costs one or two checks for every halving of the batch until it
    stands alone. `demands` are made of every proof. That two proofs are of one account is no reason to refuse either:
    ask `repeated`.
    """
    verdicts: dict[int, Verdict] = {}
    said: dict[int, Verified] = {}
    for index, item in enumerate(items):
        try:
            said[index] = check_statement(judged, item.public, demands)
        except ProofRejected as error:
            verdicts[index] = Verdict.refused(error)
    for index, refusal in _wrong(judged, items, list(said)).items():
        verdicts[index] = Verdict.refused(refusal)
    for index, item in enumerate(items):
        if index not in verdicts:
            verdicts[index] = _with_receipt(judged, item, said[index], demands)
    return [verdicts[index] for index in range(len(items))]


@takes(verdicts=many("a list of Verdicts", Verdict))
def repeated(verdicts: Sequence[Verdict]) -> dict[int, list[int]]:
    """Return the commitments that several of the proofs that hold are about, each with the proofs' places.

    Whoever adds up what many accounts hold counts such an account once.
    """
    places: dict[int, list[int]] = {}
    for place, verdict in enumerate(verdicts):
        if verdict.verified is not None:
            places.setdefault(verdict.verified.commitment, []).append(place)
    return {commitment: found for commitment, found in places.items() if len(found) > 1}


def _with_receipt(judged: JudgedKey, item: ProofFiles, said: Verified, demands: Demands) -> Verdict:
    """Return the verdict on a proof that holds: its receipt may still lie."""
    try:
        if item.receipt is not None:
            refuse_lies(judged, said, item.proof, demands, item.receipt)
    except ProofRejected as error:
        return Verdict.refused(error)
    return Verdict(said)


def _wrong(
    judged: JudgedKey, items: Sequence[ProofFiles], indices: list[int], *, failed: bool = False
) -> dict[int, ProofRejected]:
    """Return why each proof that does not hold does not, by halving; `failed` says that one of these is known to be."""
    if not indices or (not failed and _all_hold(judged, items, indices)):
        return {}
    if len(indices) == 1:
        return {indices[0]: _reason(judged, items[indices[0]])}
    half = len(indices) // 2
    first = _wrong(judged, items, indices[:half])
    # What is wrong is in the second half when the first one holds.
    return {**first, **_wrong(judged, items, indices[half:], failed=not first)}


def _all_hold(judged: JudgedKey, items: Sequence[ProofFiles], indices: Sequence[int]) -> bool:
    try:
        return verify_batch(
            judged.key.verifying_key,
            [items[index].public for index in indices],
            [items[index].proof for index in indices],
        )
    except FormatError:
        return False


def _reason(judged: JudgedKey, item: ProofFiles) -> ProofRejected:
    """Return why one proof does not hold, as `verify_statement` says it."""
    try:
        verify(judged.key.verifying_key, item.public, item.proof)
    except FormatError as error:
        return ProofRejected(f"the proof is malformed: {error}")
    return ProofRejected("the proof does not prove this statement")
