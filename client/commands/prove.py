"""`zkmargin prove`: the opening on disk first, then the proof, then the folder of its three public files, at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...circuits.model import Opening
from ...circuits.schema import Schema
from ...circuits.statements.commitment import commit
from ...circuits.statements.engine import money_scale
from ...kernel import write_wtns
from ...kernel.errors import FalseStatement, FileError, InputError
from ...verifier.proof_files import check_proof_folder
from ..files.loading import load_parameters
from ..files.outputs import OPENING, WTNS, check_output
from ..files.portfolio import Portfolio, portfolio_from_stdin
from ..files.quantity import exact_decimal
from ..files.tables import as_level
from ..secrets.openings import load_held, load_opening, load_owner
from ..session import Session, Where
from .output import answer, denied, kernel_document, milliseconds

__all__ = ["Before", "ProveRequest", "prove_to_files"]

STDIN = Path("-")


@dataclass(frozen=True)
class ProveRequest:
    """The command's options, as paths and integers."""

    portfolio: Path | None
    opening: Path | None
    market: Path
    parameters: Path
    circuit: Path
    context: int
    credit: int
    margin: str
    owner: Path | None
    opening_out: Path | None
    witness: Path | None
    out: Path
    box: str | None = None


def prove_to_files(request: ProveRequest) -> int:
    """Prove and write `proof.json`, `public.json` and `receipt.json`; return the exit code.

    Raises InputError when options contradict each other or something secret would go into the public folder; what
    `Session.prove` raises.
    """
    source = _source(request)
    if isinstance(source, Opening) and request.opening is None:
        request = replace(request, portfolio=None, opening=request.portfolio)
    where = _where(request)
    check_proof_folder(request.out)
    if request.witness is not None:
        _outside(request.witness, request.out, "witness", "--witness")
        check_output(request.witness, WTNS)
    owner = None if request.owner is None else load_owner(request.owner)
    session = Session(load_parameters(request.parameters), request.circuit, owner, request.box)
    before = None if where is None else Before.of(where.opening)
    try:
        proved, secrets = session.prove_with_secrets(
            source,
            request.market,
            context=request.context,
            credit=request.credit,
            margin=as_level(request.margin),
            where=where,
        )
    except FalseStatement as error:
        schema = session.prover.manifest.schema
        surplus = exact_decimal(error.surplus_units, schema.money_digits + len(str(money_scale(schema))) - 1)
        return denied(error, format(surplus, "f"))

    if request.witness is not None:
        write_wtns(request.witness, secrets.witness)
    kept = request.opening or (where.opening if where else None)
    files = {**proved.write(request.out), "opening": str(kept)}
    if request.witness is not None:
        files["witness"] = str(request.witness)
    singles = dict(zip(proved.names[:3], map(str, proved.public[:3]), strict=True))
    document = {
        "ok": True,
        "files": files,
        "public": singles,
        **kernel_document(),
        "timings_ms": milliseconds(proved.timings_ms),
    }
    text = f"proved and verified in {proved.timings_ms['prove']:.0f} ms; proof in {request.out}, opening in {kept}"
    if before is not None:
        told = before.told(session.prover.manifest.schema, secrets.opening)
        document["previous"] = told
        same = "the same" if told["same_holdings"] else "other"
        text += (
            f"\nthis is a new commitment: the one before, of {same} holdings, is kept in {told['opening']}"
            f"\nwhatever was opened or proved with that one needs that file: --opening {told['opening']}"
        )
    return answer(document, text)


@dataclass(frozen=True)
class Before:
    """The opening that stood where the new one goes; it is kept under another name, for an account may need it."""

    path: Path
    opening: Opening
    inode: int

    @classmethod
    def of(cls, path: Path) -> Before | None:
        """Return the opening at a path, None when there is none."""
        try:
            return cls(path, load_opening(path), path.stat().st_ino) if path.is_file() else None
        except (FileError, OSError):
            return None

    def told(self, schema: Schema, now: Opening) -> dict[str, Any]:
        """Return what the answer says of it, once the new one is written."""
        try:
            commitment = str(commit(schema, self.opening))
        except InputError:  # of another rule or shape
            commitment = None
        return {
            "commitment": commitment,
            "opening": str(self._kept()),
            "same_holdings": self.opening.holdings == now.holdings,
        }

    def _kept(self) -> Path:
        """Return the name it has now: that of its inode, or the last one given where it was copied."""
        last = self.path
        for number in range(1, 1_000_000):
            kept = self.path.with_name(f"{self.path.stem}.{number}{self.path.suffix}")
            if not kept.exists():
                break
            last = kept
            if kept.stat().st_ino == self.inode:
                break
        return last


def _source(request: ProveRequest) -> Portfolio | Opening:
    """Return what the account holds. Raises InputError for options that exclude each other, FileError."""
    if (request.portfolio is None) == (request.opening is None):
        raise InputError("give a portfolio or --opening, one of them", code="usage")
    if request.portfolio is None or request.opening is not None:
        return load_opening(request.opening or Path())
    if request.portfolio == STDIN:
        return portfolio_from_stdin()
    return load_held(request.portfolio)


def _where(request: ProveRequest) -> Where | None:
    """Return where the secrets go. Raises InputError for options that exclude each other."""
    portfolio = request.portfolio
    if portfolio is None:
        if request.owner is not None or request.opening_out is not None:
            raise InputError("--owner and --opening-out do not go with --opening, which has its own", code="usage")
        return None
    if portfolio == STDIN:
        if request.opening_out is None:
            raise InputError(
                "a portfolio from stdin has no place for its opening beside it",
                code="usage",
                hint="--opening-out FILE, where you will find it again",
            )
        named = request.opening_out.name.partition(".")[0]
        portfolio = request.opening_out.with_name(f"{named}.json")  # its owner's key is named after the opening
    where = Where.beside(portfolio, owner=request.owner, opening=request.opening_out)
    _outside(where.opening, request.out, "opening", "--opening-out")
    check_output(where.opening, OPENING, inputs=[portfolio])
    if request.owner is None:
        _outside(where.owner, request.out, "owner's key", "--owner")
    return where


def _outside(secret: Path, folder: Path, what: str, option: str) -> None:
    if secret.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"the {what} is secret and must not stand in the proof's folder",
            code="secret-beside-proof",
            file=str(secret),
            hint=f"choose another place with {option}",
        )
