"""Which statement a key is of, and whether anyone can forge under it: what is asked of a key before it judges a proof.

Whoever hands out a circuit's folder wrote all of it, so its word for what the key proves is worth nothing. The
statement is compiled again by this version. A development key is then made again, for its secrets are published. A
ceremony's key is followed from the constraints through its transcript, where that lies in the folder; or the verifier
knows the key by its id. A key that nothing ties to a statement only claims it.

A verifying key shows how the public inputs enter the constraints and nothing of the hidden wires: that the rest is the
statement's, a ceremony's transcript shows, and of a development key nothing could.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from ..circuits.build import Manifest, compile_statement
from ..circuits.compiler.system import ConstraintSystem
from ..circuits.model import Shape
from ..circuits.r1cs import r1cs_bytes
from ..kernel import VerifyingKey, is_development_key
from ..kernel.arguments import FLAG, TEXT, a, maybe, takes
from ..kernel.errors import CeremonyRejected, MismatchError, ProofRejected
from .keys import CircuitKey
from .remade_keys import input_scalars, is_made_with

__all__ = ["JudgedKey", "judge_key", "refuse_development"]


@dataclass(frozen=True)
class JudgedKey:
    """A key that may judge proofs. `tied`: its statement is certain. `contributors`: who made it, by its transcript."""

    key: CircuitKey
    tied: bool
    contributors: tuple[str, ...] = ()


@takes(key=a("a CircuitKey", CircuitKey), allow_development=FLAG, key_id=maybe(TEXT))
def judge_key(key: CircuitKey, *, allow_development: bool = False, key_id: str | None = None) -> JudgedKey:
    """Return a key that may judge proofs, and whether it is tied to the statement that its folder names.

    `key_id` is the id by which the verifier knows this statement's key; a transcript is not read then. A transcript
    ties key to statement; whether one of its contributors was honest, nobody can see in it.

    Raises ProofRejected (code "development-key") unless `allow_development`; MismatchError (code "key-mismatch") when
    the key is shown not to be the statement's, or is another than `key_id`.
    """
    manifest = key.manifest
    if key_id is not None and key_id != key.key_id:
        raise _mismatch(manifest, f"the key is {key.key_id}, not the one that was asked for")
    if key.is_development:
        refuse_development(key.verifying_key, allowed=allow_development)
        if not is_made_with(key.verifying_key, _compiled(manifest).scalars):
            raise _mismatch(manifest, f"the key is not the development key of {manifest.statement} of {manifest.rule}")
        return JudgedKey(key, tied=True)
    if key_id is not None:
        return JudgedKey(key, tied=True)
    return _by_transcript(key)


def refuse_development(key: VerifyingKey, *, allowed: bool) -> None:
    """Raise ProofRejected (code "development-key") for a key under which anyone can forge, unless that is allowed."""
    if is_development_key(key) and not allowed:
        raise ProofRejected(
            "the key is a development key, under which anyone can forge (--allow-development accepts it)",
            code="development-key",
        )


def _by_transcript(key: CircuitKey) -> JudgedKey:
    """Follow a key through the ceremony beside it, where there is one."""
    from .ceremony import check_transcript, find_ceremony

    found = find_ceremony(key.manifest.directory)
    if found is None:
        return JudgedKey(key, tied=False)
    r1cs = _compiled(key.manifest).r1cs
    try:
        contributors = check_transcript(*found, key.verifying_key, r1cs)
    except CeremonyRejected as error:
        raise _mismatch(key.manifest, f"the ceremony beside the key does not bear it out: {error.message}") from None
    return JudgedKey(key, tied=True, contributors=contributors)


def _mismatch(manifest: Manifest, message: str) -> MismatchError:
    return MismatchError(message, code="key-mismatch", file=str(manifest.directory))


class _Compiled:
    """A statement as this version compiles it: the hash of its constraints, and what makes its development key."""

    def __init__(self, system: ConstraintSystem) -> None:
        self.r1cs = "0x" + sha256(r1cs_bytes(system)).hexdigest()
        self.scalars = input_scalars(system)


def _compiled(manifest: Manifest) -> _Compiled:
    """Return the statement of a manifest, compiled. Raises MismatchError when the folder's circuit is another."""
    compiled = _compile(manifest.rule, manifest.shape, manifest.statement, manifest.rule_hash)
    if compiled.r1cs != manifest.files["circuit.r1cs"]:
        raise _mismatch(
            manifest, f"the circuit is not what this version compiles for {manifest.statement} of {manifest.rule}"
        )
    return compiled


@lru_cache(maxsize=16)
def _compile(rule: str, shape: Shape, statement: str, rule_hash: str) -> _Compiled:
    """Compile once in a process; `rule_hash` tells apart rules that came under one name."""
    return _Compiled(compile_statement(rule, shape, statement).system)
