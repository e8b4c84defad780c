"""`zkmargin prove`: the opening on disk first, then the proof, then the folder of its three public files, at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...circuits.statements.engine import money_scale
from ...kernel import write_wtns
from ...kernel.errors import FalseStatement, InputError
from ...verifier.proof_files import check_proof_folder
from ..files.loading import load_parameters
from ..files.outputs import OPENING, WTNS, check_output
from ..files.quantity import exact_decimal
from ..secrets.openings import load_opening, load_owner
from ..session import Session, Where
from .output import answer, denied, kernel_document, milliseconds

__all__ = ["ProveRequest", "prove_to_files"]


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
    where = _where(request)
    check_proof_folder(request.out)
    if request.witness is not None:
        _outside(request.witness, request.out, "witness", "--witness")
        check_output(request.witness, WTNS)
    owner = None if request.owner is None else load_owner(request.owner)
    session = Session(load_parameters(request.parameters), request.circuit, owner, request.box)
    source = request.portfolio if request.opening is None else load_opening(request.opening)
    try:
        proved, secrets = session.prove_with_secrets(
            source,
            request.market,
            context=request.context,
            credit=request.credit,
            margin=request.margin,
            where=where,
        )
    except FalseStatement as error:
        schema = session.prover.manifest.schema
        surplus = exact_decimal(error.surplus_units, schema.money_digits + len(str(money_scale(schema))) - 1)
        return denied(error, format(surplus, "f"))

    if request.witness is not None:
        write_wtns(request.witness, secrets.witness)
    kept = request.opening or proved.opening_file
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
    return answer(document, text)


def _where(request: ProveRequest) -> Where | None:
    """Return where the secrets go. Raises InputError for options that exclude each other."""
    if (request.portfolio is None) == (request.opening is None):
        raise InputError("give a portfolio or --opening, one of them", code="usage")
    if request.portfolio is None:
        if request.owner is not None or request.opening_out is not None:
            raise InputError("--owner and --opening-out do not go with --opening, which has its own", code="usage")
        return None
    where = Where.beside(request.portfolio, owner=request.owner, opening=request.opening_out)
    _outside(where.opening, request.out, "opening", "--opening-out")
    check_output(where.opening, OPENING, inputs=[request.portfolio])
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
