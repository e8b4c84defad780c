"""The `zkmargin` command. Each command imports what it uses when it runs; the work is done elsewhere.

Every command takes --json: one document on stdout, everything else on stderr. Exit codes: 0 holds, 1 does not hold,
2 bad input or environment, 130 interrupted, 141 nobody reads the answer.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from ...circuits.model import BOX
from ...kernel.errors import InputError
from ..files import defaults
from ..views.help import HELP, LEVELS, Grouped, ProductHelp, with_examples
from . import batch_commands, circuit_commands, foreign_commands, import_commands, portfolio_commands
from .batch_commands import (
    AllowDevelopment,
    Box,
    DemandedContext,
    DemandedCredit,
    DemandedMargin,
    DemandedMarket,
    DemandedParameters,
    KeyId,
    found_in_file,
)
from .ceremony_commands import ceremony, start_one
from .integers import required_integer
from .output import INTERRUPTED, answer, guarded, note
from .portfolio_commands import Holdings, OpeningFile, held
from .rule_commands import rule

__all__ = ["app", "main", "run"]

app = typer.Typer(
    name="zkmargin",
    cls=ProductHelp,
    help="Prove that a portfolio nobody else can see meets its margin requirement.",
    context_settings=HELP,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
groth16 = typer.Typer(cls=Grouped, help="Prove and verify any circom user's files.", rich_markup_mode=None)
app.add_typer(groth16, name="groth16")
app.add_typer(ceremony, name="ceremony")
app.add_typer(rule, name="rule")
portfolio_commands.register(app)
import_commands.register(app)
circuit_commands.register(app)
batch_commands.register(app)
foreign_commands.register(groth16)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
MarketFile = Annotated[Path, typer.Option("--market", "-m", help="The venue's prices: market.json.")]
ParameterFile = Annotated[Path, typer.Option("--parameters", "-p", help="The venue's parameters: parameters.json.")]
Margin = Annotated[
    str,
    typer.Option(
        metavar=LEVELS, help="The level that is to be met.", autocompletion=lambda: ["initial", "maintenance"]
    ),
]
CircuitFolder = Annotated[Path, typer.Option("--circuit", "-c", help="The folder of a compiled circuit.")]


def main() -> None:
    """Run the command line of this process and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; nothing is raised."""
    as_json = "--json" in arguments

    def command() -> int:
        said = io.StringIO()
        helped = not set(arguments) - {"--json", *_GROUPS} or bool(_ASKED & set(arguments))
        standing = {} if helped else _defaults()
        try:
            with contextlib.redirect_stdout(said) if helped and as_json else contextlib.nullcontext():
                code = app(list(arguments), prog_name="zkmargin", standalone_mode=False, default_map=standing)
        except typer.Abort:
            raise KeyboardInterrupt from None
        except typer.BadParameter.__base__ as error:  # type: ignore[misc]  # typer's usage errors have no public name
            message = " ".join(error.format_message().split()).replace("(Possible options: ", "(did you mean ")
            missing = message.partition("'")[2].partition("'")[0] if message.startswith("Missing option") else ""
            hint = _MISSING.get(missing) or _help_of(error)
            raise InputError(message[:1].lower() + message[1:].rstrip("."), code="usage", hint=hint) from None
        if code == INTERRUPTED:  # how some versions of typer tell of Ctrl-C
            raise KeyboardInterrupt
        if said.getvalue():
            return answer({"ok": True, "help": said.getvalue()}, "")
        return code if isinstance(code, int) else 0

    return guarded(command, as_json=as_json)


_ASKED = {"--help", "-h"}
_GROUPS = ("groth16", "ceremony", "import")
_MISSING = {
    f"--{name}": f'or ZKMARGIN_{name.upper()}, or {name} = "..." in a {defaults.FILE}' for name in defaults.NAMES
}


def _help_of(error: Exception) -> str:
    """Return the command whose help answers a usage error."""
    path = getattr(getattr(error, "ctx", None), "command_path", "zkmargin")
    return f"{path} --help"


def _defaults() -> dict[str, Any]:
    """Return, by command, what stands in for options that are not given; looked up only when one is needed.

    Optional files of other commands have no default: one that rounds or compares does so when it is asked to.
    """
    of = {name: partial(_default, name) for name in defaults.NAMES}
    both = {name: of[name] for name in ("market", "parameters")}
    parameters = {"parameters": of["parameters"]}
    all_three = ("prove", "verify", "batch", "verify-batch")
    return {
        **dict.fromkeys(("check", "explain"), both),
        **dict.fromkeys(all_three, of),
        "tables": parameters,
        "import": {"market": parameters},
    }


def _default(name: str) -> str | None:
    found = defaults.default_path(name)
    if found is None:
        return None
    note(f"--{name} {found.path} (from {found.source})")
    return str(found.path)


def _show_version(asked: bool) -> None:
    """Answer --version."""
    if asked:
        from importlib.metadata import version

        number = version("zkmargin")
        answer({"ok": True, "version": number}, f"zkmargin {number}")
        raise typer.Exit(0)


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", "-V", help="Say which version this is.", is_eager=True, callback=_show_version)
    ] = False,
    _json: Annotated[bool, typer.Option("--json", hidden=True)] = False,
) -> None:
    """Prove that a portfolio nobody else can see meets its margin requirement."""


@app.command()
def check(
    portfolio: Holdings = None,
    *,
    market: MarketFile,
    parameters: ParameterFile,
    opening: OpeningFile = None,
    margin: Margin = "maintenance",
    json_: Json = False,
) -> int:
    """Show equity, requirement and surplus of a portfolio, each position's part, and its breach price."""
    from ..files.tables import as_level
    from ..session import Session
    from ..views.show import show_report

    report = Session.load(parameters).check(held(portfolio, opening), market, margin=as_level(margin))
    return answer(report.as_json(), lambda console: show_report(console, report))


@app.command()
def tables(
    market: Annotated[Path, typer.Argument(help="market.json")],
    parameters: ParameterFile,
    circuit: Annotated[Path | None, typer.Option("--circuit", "-c", help="Also show its folded points.")] = None,
    box: Box = None,
    json_: Json = False,
) -> int:
    """Show the tables that a proof speaks of: cells, hashes and, of a circuit, folded points."""
    from ..session import Session
    from ..views.show import show_tables, tables_document

    session = Session.load(parameters, circuit, box=box)
    statement = session.circuit_key.manifest.statement if circuit else BOX if box else "sufficiency"
    made = session.stated(session.tables(market), statement)
    document = tables_document(made, session.circuit_key if circuit else None)
    return answer(document, lambda console: show_tables(console, document))


@app.command("compile")
def compile_(
    parameters: Annotated[Path, typer.Argument(help="parameters.json: its rule and shape are compiled")],
    statement: Annotated[
        str,
        typer.Option(
            metavar=f"[sufficiency|shortfall|{BOX}]",
            help=f"What the circuit proves; {BOX}: at every price of a box.",
            autocompletion=lambda: ["sufficiency", "shortfall", BOX],
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace another circuit there, and its development key.")
    ] = False,
    json_: Json = False,
) -> int:
    """Compile a statement of the parameters' rule at their shape."""
    from ...circuits.build import compile_statement
    from ..files.loading import load_parameters
    from ..views.progress import bars
    from .circuit_commands import write_circuit_folder

    loaded = load_parameters(parameters)
    with bars(sys.stderr):
        compiled = compile_statement(loaded.rule, loaded.slots, statement)
        files = write_circuit_folder(compiled, output, replace=replace)
    counts = compiled.manifest["counts"]
    document = {
        "ok": True,
        "rule_hash": "0x" + compiled.rule_hash.hex(),
        "constraints": counts["constraints"],
        "wires": counts["wires"],
        "public": list(compiled.public),
        "cells": sum(len(cells) for _, cells in compiled.schema.tables),
        "files": files,
    }
    text = f"{statement} of {loaded.rule}: {counts['constraints']:,} constraints, {len(compiled.public)} public inputs"
    return answer(document, lambda console: console.print(f"{text}\nwritten to {output}"))


@app.command()
def setup(
    directory: Annotated[Path, typer.Argument(help="The folder of a compiled circuit.")],
    development: Annotated[
        bool, typer.Option("--development", help="Make the development key: anyone can forge under it.")
    ] = False,
    ptau: Annotated[Path | None, typer.Option("--ptau", help="Start a ceremony from these powers of tau.")] = None,
    json_: Json = False,
) -> int:
    """Make the development key of a compiled circuit, or start the ceremony of its real one."""
    from ...prover.setup import development_setup
    from ..views.progress import bars

    if development == (ptau is not None):
        raise InputError("either --development or --ptau FILE says which key to make", code="usage")
    if ptau is not None:
        return start_one(directory, ptau)
    with bars(sys.stderr):
        result = development_setup(directory)
    document = {"ok": True, "development": True, "key_id": result.key_id, "files": result.files}
    text = f"development key {result.key_id} written to {directory}: anyone can forge under it"
    return answer(document, lambda console: console.print(text))


@app.command()
def prove(
    *,
    market: MarketFile,
    parameters: ParameterFile,
    circuit: CircuitFolder,
    context: Annotated[str, typer.Option(help="What the proof is bound to: decimal or 0x, below 2^248.")],
    out: Annotated[Path, typer.Option(help="The folder for proof.json and public.json; nothing secret goes there.")],
    portfolio: Holdings = None,
    opening: Annotated[Path | None, typer.Option(help="Holdings and salt from an opening instead.")] = None,
    credit: Annotated[str, typer.Option(help="The account's public pending balance, in money units.")] = "0",
    margin: Margin = "maintenance",
    owner: Annotated[Path | None, typer.Option(help="The owner's key; made beside the opening when absent.")] = None,
    opening_out: Annotated[Path | None, typer.Option(help="Where the opening goes: beside the portfolio.")] = None,
    witness: Annotated[Path | None, typer.Option(help="Also write the witness (.wtns): it is secret.")] = None,
    box: Box = None,
    json_: Json = False,
) -> int:
    """Prove the circuit's statement of a portfolio or an opening; the opening is on disk before the proof."""
    from .prove import ProveRequest, prove_to_files

    request = ProveRequest(
        portfolio=portfolio,
        opening=opening,
        market=market,
        parameters=parameters,
        circuit=circuit,
        context=required_integer(context, "--context"),
        credit=required_integer(credit, "--credit"),
        margin=margin,
        owner=owner,
        opening_out=opening_out,
        witness=witness,
        out=out,
        box=box,
    )
    return prove_to_files(request)


@app.command()
def verify(
    context_: typer.Context,
    directory: Annotated[Path, typer.Argument(help="The folder of proof.json, public.json and receipt.json.")],
    *,
    circuit: CircuitFolder,
    market: DemandedMarket = None,
    parameters: DemandedParameters = None,
    margin: DemandedMargin = None,
    box: Box = None,
    commitment: Annotated[str | None, typer.Option(help="Demand this account's commitment: decimal or 0x.")] = None,
    context: DemandedContext = None,
    credit: DemandedCredit = "0",
    key_id: KeyId = None,
    allow_development: AllowDevelopment = False,
    json_: Json = False,
) -> int:
    """Verify a proof and say everything that it shows: about which account, credit, prices, under which key."""
    from .verify import VerifyRequest, verify_to_answer

    request = VerifyRequest(
        circuit,
        market,
        parameters,
        margin,
        box,
        credit,
        commitment,
        context,
        key_id,
        allow_development,
        found_in_file(context_),
    )
    return verify_to_answer(directory, request)


@groth16.command("prove")
def groth16_prove(
    key: Annotated[Path, typer.Argument(metavar="KEY.zkey")],
    witness: Annotated[Path, typer.Argument(metavar="WITNESS.wtns")],
    proof: Annotated[Path, typer.Argument(metavar="PROOF.json")],
    public: Annotated[Path, typer.Argument(metavar="PUBLIC.json")],
    json_: Json = False,
) -> int:
    """Prove a witness under a key."""
    from ..files.outputs import PROOF, PUBLIC, check_outputs
    from .groth16_files import prove_files
    from .output import kernel_document, milliseconds

    check_outputs([(proof, PROOF), (public, PUBLIC)], [key, witness])
    proved = prove_files(key, witness, proof, public)
    document: dict[str, Any] = {
        "ok": True,
        "constraints": proved.constraints,
        "public": proved.public,
        **kernel_document(),
        "timings_ms": milliseconds(proved.timings_ms),
    }
    text = f"proved {proved.constraints:,} constraints in {proved.timings_ms['prove']:.0f} ms"
    return answer(document, lambda console: console.print(text))


@groth16.command("verify")
def groth16_verify(
    key: Annotated[Path, typer.Argument(metavar="VKEY.json")],
    public: Annotated[Path, typer.Argument(metavar="PUBLIC.json")],
    proof: Annotated[Path, typer.Argument(metavar="PROOF.json")],
    allow_development: AllowDevelopment = False,
    json_: Json = False,
) -> int:
    """Verify a proof under a key: the pairing alone. Of a margin proof that shows nothing: see verify."""
    from .groth16_files import verify_files

    verify_files(key, public, proof, allow_development=allow_development)
    return answer({"ok": True}, "the proof holds")


@app.command()
def doctor(
    tests: Annotated[bool, typer.Option("--tests", help="What the tests need must be there, too.")] = False,
    json_: Json = False,
) -> int:
    """Say what is installed and what is missing, each with the command that mends it.

    Exit code 2 when something that running needs is missing; with --tests, when anything is.
    """
    from ..views.show import show_checks
    from .doctor import RUN, examine

    checks = examine()
    ok = all(check.ok for check in checks if tests or check.group == RUN)
    document = {"ok": ok, "checks": [check.as_json() for check in checks]}
    return answer(document, lambda console: show_checks(console, document), exit_code=0 if ok else 2)


@app.command()
def demo(
    rpc: Annotated[str | None, typer.Option(help="A chain of your own instead of the embedded one.")] = None,
    json_: Json = False,
) -> int:
    """Play one trader's path from a portfolio file to a gated position, and everything that must fail on the way."""
    from ..views.show import show_demo
    from .demo import run_demo
    from .output import note

    document = run_demo(note, rpc).as_json()
    return answer(document, lambda console: show_demo(console, document))


with_examples(app)
