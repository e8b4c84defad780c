"""`zkmargin batch` and `zkmargin verify-batch`: many accounts proved under one key, many proofs a verdict each."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...kernel.errors import EnvironmentFault, InputError
from ..views.help import LEVELS

if TYPE_CHECKING:
    from ..batch.batch import Account, Batch, Failed, Result, Workers

__all__ = [
    "AllowDevelopment",
    "Box",
    "DemandedContext",
    "DemandedCredit",
    "DemandedMargin",
    "DemandedMarket",
    "DemandedParameters",
    "KeyId",
    "found_in_file",
    "register",
]

AllowDevelopment = Annotated[
    bool, typer.Option("--allow-development", help="Accept a development key, under which anyone can forge.")
]
DemandedContext = Annotated[str | None, typer.Option("--context", help="Demand this context: decimal or 0x.")]
DemandedCredit = Annotated[str, typer.Option("--credit", help="Demand exactly this credit, in money units.")]
DemandedMargin = Annotated[
    str | None,
    typer.Option(
        "--margin",
        metavar=LEVELS,
        help="The level of your parameters: maintenance if not said.",
        autocompletion=lambda: ["initial", "maintenance"],
    ),
]
DemandedMarket = Annotated[Path | None, typer.Option("--market", "-m", help="Demand exactly these prices.")]
DemandedParameters = Annotated[Path | None, typer.Option("--parameters", "-p", help="Demand these parameters.")]
KeyId = Annotated[str | None, typer.Option("--key-id", help="The id by which you know this statement's key.")]
Box = Annotated[str | None, typer.Option(help="The box class of a circuit that proves over a price box.")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(batch)
    app.command("verify-batch")(verify_batch)


def batch(
    accounts: Annotated[Path, typer.Argument(help="A folder of portfolios, or a CSV with the column account more.")],
    *,
    market: Annotated[Path, typer.Option("--market", "-m", help="The venue's prices: market.json.")],
    parameters: Annotated[Path, typer.Option("--parameters", "-p", help="The venue's parameters: parameters.json.")],
    circuit: Annotated[Path, typer.Option("--circuit", "-c", help="The folder of a compiled circuit.")],
    context: Annotated[str, typer.Option(help="What all proofs are bound to: below 2^248, decimal or 0x.")],
    out: Annotated[Path, typer.Option(help="The folder of the proofs, a folder an account.")],
    credit: Annotated[str, typer.Option(help="Credit in money units, for every account.")] = "0",
    margin: Annotated[
        str,
        typer.Option(
            metavar=LEVELS, help="The level that is to be met.", autocompletion=lambda: ["initial", "maintenance"]
        ),
    ] = "maintenance",
    box: Box = None,
    openings: Annotated[
        Path | None, typer.Option(help="The folder of openings and owner keys: beside the portfolios if not said.")
    ] = None,
    owner: Annotated[Path | None, typer.Option(help="The owner's key of all accounts.")] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes; by default one a core.")] = 0,
    cluster: Annotated[str | None, typer.Option(help="Prove on the workers of this Dask scheduler.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> int:
    """Prove many accounts under one key. Run again, it goes on where it was stopped."""
    from ..batch.batch import Batch, accounts_in
    from ..batch.workers import LocalWorkers
    from ..files.loading import load_parameters
    from ..secrets.openings import load_owner
    from ..session import Session
    from .integers import read_integer

    bound, lent = read_integer(context), read_integer(credit)
    if bound is None or lent is None:
        raise InputError("--context and --credit are whole numbers, decimal or 0x", code="usage")
    if cluster is not None and workers:
        raise InputError("--workers are this machine's: they do not go with --cluster", code="usage")
    key = None if owner is None else load_owner(owner)
    session = Session(load_parameters(parameters), circuit, key, box)
    made = Batch(session, market, out, context=bound, credit=lent, margin=margin)
    found = accounts_in(accounts, openings)
    if cluster is None:
        with LocalWorkers(circuit, made.statement, workers) as local:
            return _prove_all(made, found, local)
    try:
        from ..batch.cluster import ClusterWorkers
    except ImportError:
        raise EnvironmentFault("clusters need Dask", code="no-dask", hint="pip install 'zkmargin[cluster]'") from None
    with ClusterWorkers(cluster, circuit, made.statement) as remote:
        return _prove_all(made, found, remote)


def _prove_all(batch: Batch, accounts: list[Account | Failed], workers: Workers) -> int:
    """Prove all accounts, showing how far it is, and say what came of it."""
    from time import perf_counter

    from ...kernel.progress import tracked
    from ..batch.batch import Done, Failed
    from ..views.progress import bars
    from .output import answer, note

    results: list[Result] = []
    start = perf_counter()
    try:
        with bars(sys.stderr):
            for result in tracked("accounts", batch.run(accounts, workers), len(accounts)):
                results.append(result)
                if isinstance(result, Failed):
                    note(f"{result.name}: {result.message}")
    except EnvironmentFault:
        there = sum(not isinstance(result, Failed) for result in results)
        note(f"{there} of {len(accounts)} accounts have their proofs; run again for the others")
        raise
    seconds = perf_counter() - start
    failed = [result for result in results if isinstance(result, Failed)]
    proved = sum(isinstance(result, Done) for result in results)
    document: dict[str, Any] = {
        "ok": not failed,
        "accounts": len(results),
        "proved": proved,
        "kept": len(results) - proved - len(failed),
        "failed": [{"account": one.name, "code": one.code, "message": one.message} for one in failed],
        "seconds": round(seconds, 3),
    }
    text = f"{proved} of {len(results)} accounts proved in {seconds:.1f} s, {document['kept']} were before"
    return answer(document, f"{text}, {len(failed)} failed" if failed else text)


def found_in_file(context: typer.Context) -> frozenset[str]:
    """Return which of market and parameters come from a file of defaults, and were not said by the verifier."""
    return frozenset(
        name
        for name in ("market", "parameters")
        if getattr(context.get_parameter_source(name), "name", "") == "DEFAULT_MAP"
        and not os.environ.get(f"ZKMARGIN_{name.upper()}")
    )


def verify_batch(
    context_: typer.Context,
    directories: Annotated[list[Path], typer.Argument(help="Folders of proof.json and public.json.")],
    *,
    circuit: Annotated[Path, typer.Option("--circuit", "-c", help="The folder of a compiled circuit.")],
    market: DemandedMarket = None,
    parameters: DemandedParameters = None,
    margin: DemandedMargin = None,
    box: Box = None,
    context: DemandedContext = None,
    credit: DemandedCredit = "0",
    key_id: KeyId = None,
    allow_development: AllowDevelopment = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> int:
    """Verify many proofs of one circuit at once; name those that do not hold, and accounts that come twice."""
    from .verify import VerifyRequest, verify_batch_to_answer

    request = VerifyRequest(
        circuit,
        market,
        parameters,
        margin,
        box,
        credit,
        None,
        context,
        key_id,
        allow_development,
        found_in_file(context_),
    )
    return verify_batch_to_answer(directories, request)
