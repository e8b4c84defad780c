"""Many proofs under one key: one check for all, and the names of the wrong ones when it fails.

Each proof's public inputs are checked against the schema first: a proof about impossible tables proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..circuits.model import Table
from ..kernel import Proof, verify, verify_batch
from ..kernel.errors import FormatError, InputError, ProofRejected
from .check import Verified, check_statement
from .keys import CircuitKey

__all__ = ["Item", "Verdict", "verify_many"]

Item = tuple[Sequence[int], Proof]
"""Public inputs, cells included, and the proof about them."""


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


def verify_many(key: CircuitKey, items: Sequence[Item], tables: Sequence[Table] = ()) -> list[Verdict]:
    """Return a verdict a proof, in order, as `verify_statement` would give it; reasons are its codes.

    While all proofs hold this is one check. A wrong one costs one or two checks for every halving of the batch until it
    stands alone. With `tables`, every proof must speak of exactly these.
    """
    verdicts: dict[int, Verdict] = {}
    said: dict[int, Verified] = {}
    for index, (public, _) in enumerate(items):
        try:
            said[index] = check_statement(key, public, tables)
        except ProofRejected as error:
            verdicts[index] = Verdict.refused(error)
    for index, refusal in _wrong(key, items, list(said)).items():
        verdicts[index] = Verdict.refused(refusal)
    return [verdicts.get(index) or Verdict(said[index]) for index in range(len(items))]


def _wrong(
    key: CircuitKey, items: Sequence[Item], indices: list[int], *, failed: bool = False
) -> dict[int, ProofRejected]:
    """Return why each proof that does not hold does not, by halving; `failed` says that one of these is known to be."""
    if not indices or (not failed and _all_hold(key, items, indices)):
        return {}
    if len(indices) == 1:
        return {indices[0]: _reason(key, *items[indices[0]])}
    half = len(indices) // 2
    first = _wrong(key, items, indices[:half])
    # What is wrong is in the second half when the first one holds.
    return {**first, **_wrong(key, items, indices[half:], failed=not first)}


def _all_hold(key: CircuitKey, items: Sequence[Item], indices: Sequence[int]) -> bool:
    try:
        return verify_batch(
            key.verifying_key, [items[index][0] for index in indices], [items[index][1] for index in indices]
        )
    except FormatError:
        return False


def _reason(key: CircuitKey, public: Sequence[int], proof: Proof) -> ProofRejected:
    """Return why one proof does not hold, as `verify_statement` says it."""
    try:
        verify(key.verifying_key, public, proof)
    except FormatError as error:
        return ProofRejected(f"the proof is malformed: {error}")
    return ProofRejected("the proof does not prove this statement")
