"""`zkmargin verify` and `verify-batch`: what a verifier demands, and everything said of the proofs that hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...kernel.errors import InputError
from ...verifier.batch import Verdict, repeated, verify_many
from ...verifier.check import Demands, Verified, verify_files
from ...verifier.keys import CircuitKey
from ...verifier.proof_files import ProofFiles, read_proof
from ...verifier.receipt import word
from ...verifier.statement_keys import judge_key
from ..files.defaults import FILE
from ..session import demanded_tables
from .integers import required_integer
from .output import answer

__all__ = ["VerifyRequest", "verify_batch_to_answer", "verify_to_answer"]

_ID = re.compile(r"0x[0-9a-f]{64}", re.ASCII)
_SHORT = 1 << 64  # contexts below it are shown as people write them


@dataclass(frozen=True)
class VerifyRequest:
    """The options of both commands, as they were written."""

    circuit: Path
    market: Path | None
    parameters: Path | None
    margin: str | None
    box: str | None
    credit: str
    commitment: str | None
    context: str | None
    key_id: str | None
    allow_development: bool
    found: frozenset[str] = frozenset()  # of market and parameters, what the prover may have chosen: no option said it

    def demands(self) -> Demands:
        """Return what is demanded of each proof. Raises InputError, MismatchError."""
        asked = Demands(
            credit=required_integer(self.credit, "--credit"),
            commitment=None if self.commitment is None else required_integer(self.commitment, "--commitment"),
            context=None if self.context is None else required_integer(self.context, "--context"),
        )
        return demanded_tables(self.circuit, self.market, self.parameters, self.margin, self.box, demands=asked)

    def whose(self, name: str) -> str:
        """Say whose a table is: the verifier's, or of a file that he did not name himself."""
        if name not in self.found:
            return "yours"
        return f"of {_printable(str(getattr(self, name)))}, which {FILE} names"

    @property
    def known_id(self) -> str | None:
        """Return the key's id as it is known to the verifier. Raises InputError."""
        if self.key_id is None:
            return None
        if not _ID.fullmatch(self.key_id.lower()):
            raise InputError("--key-id is 0x and 64 hexadecimal digits", code="usage")
        return self.key_id.lower()


def verify_to_answer(directory: Path, request: VerifyRequest) -> int:
    """Verify one proof and say everything that it shows; return the exit code. Raises as `verify_files`."""
    verified = verify_files(
        directory,
        request.circuit,
        request.demands(),
        allow_development=request.allow_development,
        key_id=request.known_id,
    )
    lines = [
        f"the proof holds: {_statement(verified)}",
        *_row("commitment", word(verified.commitment)),
        *_row("credit", f"{verified.credit} money units"),
        *_row("context", _context(verified.context)),
        *_shared(verified, request),
    ]
    return answer(verified.as_json(), "\n".join(lines))


def verify_batch_to_answer(directories: list[Path], request: VerifyRequest) -> int:
    """Verify many proofs at once, say what they show, and name those that do not hold or speak of one account.

    Raises ProofRejected for a key that may not judge, InputError for files that all of them need.
    """
    demands = request.demands()
    judged = judge_key(
        CircuitKey.load(request.circuit),
        allow_development=request.allow_development,
        key_id=request.known_id,
    )
    verdicts: dict[Path, Verdict] = {}
    items: dict[Path, ProofFiles] = {}
    for directory in directories:
        if directory not in verdicts and directory not in items:
            try:
                items[directory] = read_proof(directory)
            except InputError as error:
                verdicts[directory] = Verdict.refused(error)
    verdicts.update(zip(items, verify_many(judged, list(items.values()), demands), strict=True))

    ordered = [verdicts[directory] for directory in directories]
    twice = {
        word(commitment): [str(directories[place]) for place in places]
        for commitment, places in repeated(ordered).items()
    }
    held = [verdict.verified for verdict in ordered if verdict.verified is not None]
    document: dict[str, Any] = {"ok": len(held) == len(ordered), "proofs": [], "repeated": []}
    if held:
        shared = held[0].as_json()
        document |= {name: shared[name] for name in shared if name not in ("ok", "commitment", "context")}
    document["proofs"] = [_told(*pair) for pair in zip(directories, ordered, strict=True)]
    document["repeated"] = [{"commitment": one, "directories": places} for one, places in twice.items()]

    lines = [f"{at}: {one.message}" for at, one in zip(directories, ordered, strict=True) if one.message is not None]
    lines += [f"{' and '.join(places)}: one account, commitment {one}" for one, places in twice.items()]
    lines.append(f"{len(held)} of {len(ordered)} proofs hold" + (f": {_statement(held[0])}" if held else ""))
    if held:
        lines += [*_row("credit", f"{held[0].credit} money units each"), *_contexts(held), *_shared(held[0], request)]
        lines += _row("accounts", f"{len({one.commitment for one in held})}")
    return answer(document, "\n".join(lines))


def _told(directory: Path, verdict: Verdict) -> dict[str, Any]:
    """Return one verdict's part of the batch's document."""
    told: dict[str, Any] = {"directory": str(directory), "ok": verdict.ok}
    if verdict.verified is None:
        return {**told, "reason": verdict.reason}
    return {**told, "commitment": word(verdict.verified.commitment), "context": word(verdict.verified.context)}


def _statement(verified: Verified) -> str:
    if verified.tied:
        return f"{verified.statement} of {verified.rule}"
    return f"what its folder claims is {verified.statement} of {verified.rule}"


def _shared(verified: Verified, request: VerifyRequest) -> list[str]:
    """Return the lines about tables and key, which all proofs of a batch have in common."""
    if verified.hashes:
        box = "" if verified.box is None else f", at every price of the box {verified.box}"
        tables = [
            *_row("margin", f"{verified.margin}{box}"),
            *_row("prices", f"{request.whose('market')}, round {verified.round}, {verified.hashes['market']}"),
            *_row("parameters", f"{request.whose('parameters')}, {verified.hashes['parameters']}"),
        ]
    else:
        tables = _row("prices", "the prover's choice, and level and parameters too: no files were given")
    key = f"{verified.key_id}, "
    if verified.key == "development":
        key += "a development key: anyone can forge under it"
    elif not verified.tied:
        key += "which nothing here ties to the statement: compare its id (--key-id)"
    elif verified.contributors:
        names = ", ".join(map(_printable, verified.contributors))
        key += f"of the ceremony of {names}: it protects you if one of them was honest, and one of its powers of tau"
    else:
        key += "the one you know"
    return [*tables, *_row("key", key)]


def _contexts(held: list[Verified]) -> list[str]:
    found = {one.context for one in held}
    return _row("context", _context(found.pop()) if len(found) == 1 else f"{len(found)} different ones")


def _context(context: int) -> str:
    return str(context) if context < _SHORT else hex(context)


def _row(name: str, text: str) -> list[str]:
    return [f"  {name:<11} {text}"]


def _printable(name: str) -> str:
    """Return a name out of a stranger's file fit for a terminal."""
    return "".join(c if c.isprintable() else "?" for c in name[:96])
