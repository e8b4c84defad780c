"""The commands for circuits written elsewhere: keys, witness checks, statistics, linear elimination, PySNARK."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...kernel.errors import InputError
from .output import answer, note

__all__ = ["register"]

Circuit = Annotated[Path, typer.Argument(metavar="CIRCUIT.r1cs")]
Witness = Annotated[Path, typer.Argument(metavar="WITNESS.wtns")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def register(groth16: typer.Typer) -> None:
    """Add the commands to `zkmargin groth16`."""
    for name, command in (
        ("setup", setup),
        ("check", check),
        ("stats", stats),
        ("simplify", simplify),
        ("pysnark", pysnark),
    ):
        groth16.command(name)(command)


def setup(
    circuit: Circuit,
    key: Annotated[Path, typer.Argument(metavar="KEY.zkey")],
    verifying_key: Annotated[Path, typer.Argument(metavar="VKEY.json")],
    development: Annotated[
        bool, typer.Option("--development", help="Make the development key: anyone can forge under it.")
    ] = False,
    json_: Json = False,
) -> int:
    """Make the keys of a circuit."""
    from ...prover.foreign import development_key
    from ...verifier.keys import key_id
    from ..files.outputs import DEVELOPMENT_VERIFYING_KEY, DEVELOPMENT_ZKEY, check_outputs

    if not development:
        raise InputError("a key of one's own comes from a ceremony", code="usage", hint="--development, to try it out")
    check_outputs([(key, DEVELOPMENT_ZKEY), (verifying_key, DEVELOPMENT_VERIFYING_KEY)], [circuit])
    made = development_key(circuit, key, verifying_key)
    document = {
        "ok": True,
        "development": True,
        "key_id": key_id(made.verifying_key),
        "constraints": made.system.rows,
        "public": list(made.system.public),
        "files": {"zkey": str(key), "verification_key": str(verifying_key)},
    }
    text = f"development key of {made.system.rows:,} constraints, {len(made.system.public)} public inputs: "
    return answer(document, lambda console: console.print(text + "anyone can forge under it"))


def check(circuit: Circuit, witness: Witness, json_: Json = False) -> int:
    """Check a witness against a circuit; name the first broken constraint and its wires, never a value."""
    from ...prover.foreign import BrokenConstraint, check_files

    try:
        system = check_files(circuit, witness)
    except BrokenConstraint as error:
        document = {
            "ok": False,
            "reason": error.code,
            "constraint": error.constraint,
            "wires": list(error.wires),
        }
        message = error.message
        return answer(document, lambda _: note(f"zkmargin: {message}"), exit_code=error.exit_code)
    counts = {"constraints": system.rows, "wires": system.wires, "public": len(system.public)}
    return answer({"ok": True, **counts}, lambda console: console.print(f"all {system.rows:,} constraints hold"))


def stats(circuit: Circuit, json_: Json = False) -> int:
    """Count a circuit up: constraints, linear ones, unused wires, and what a proof will cost."""
    from ...circuits.foreign import foreign_stats, load_r1cs

    counted = foreign_stats(load_r1cs(circuit))
    costs = counted.estimates
    lines = [
        f"{counted.constraints:,} constraints, {counted.linear:,} of them linear; {counted.wires:,} wires, "
        f"{counted.unused:,} of them unused; {counted.nonzeros:,} terms",
        f"{len(counted.public)} public inputs; domain {counted.domain:,}",
        f"estimated on two server cores: set-up {costs['setup_ms'] / 1e3:.2f} s, proof {costs['prove_ms']:.0f} ms, "
        f"{costs['memory_mib']:.0f} MiB",
    ]
    if counted.unused_public:
        lines.append(f"public inputs in no constraint: {', '.join(counted.unused_public[:12])}")
    return answer(counted.as_json(), lambda console: console.print("\n".join(lines), markup=False))


def simplify(
    circuit: Circuit,
    witness: Witness,
    new_circuit: Annotated[Path, typer.Argument(metavar="OUT.r1cs")],
    new_witness: Annotated[Path, typer.Argument(metavar="OUT.wtns")],
    json_: Json = False,
) -> int:
    """Write the circuit without the wires that linear constraints define, and its witness."""
    from ...prover.foreign import simplify_files
    from ..files.outputs import R1CS, SYM, WTNS, check_outputs

    symbols = (new_circuit.with_suffix(".sym"), SYM)
    check_outputs([(new_circuit, R1CS), symbols, (new_witness, WTNS)], [circuit, witness, circuit.with_suffix(".sym")])
    old, simplified = simplify_files(circuit, witness, new_circuit, new_witness)
    new = simplified.system
    document = {
        "ok": True,
        "before": {"constraints": old.rows, "wires": old.wires, "nonzeros": old.nonzeros},
        "after": {"constraints": new.rows, "wires": new.wires, "nonzeros": new.nonzeros},
        "files": {"r1cs": str(new_circuit), "sym": str(new_circuit.with_suffix(".sym")), "wtns": str(new_witness)},
    }
    text = f"{old.rows:,} constraints became {new.rows:,}, {old.nonzeros:,} terms {new.nonzeros:,}"
    return answer(document, lambda console: console.print(text))


def pysnark(
    program: Annotated[Path, typer.Argument(metavar="PROGRAM.py")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder for circuit, key and proof.")],
    arguments: Annotated[list[str] | None, typer.Argument(help="What the program finds in sys.argv.")] = None,
    witness: Annotated[Path | None, typer.Option(help="Also write the witness (.wtns): it is secret.")] = None,
    json_: Json = False,
) -> int:
    """Run a PySNARK program (with your own PySNARK), prove it and verify the proof."""
    from ...prover.pysnark import run_program
    from ..files.outputs import WTNS, check_output
    from .output import kernel_document

    if witness is not None:
        check_output(witness, WTNS, inputs=[program])
    proved = run_program(program, output, arguments or (), witness=witness)
    document = {
        "ok": True,
        "constraints": proved.constraints,
        "public": [str(value) for value in proved.public],
        "development": proved.development,
        **kernel_document(),
        "files": proved.files,
    }
    text = f"proved {proved.constraints:,} constraints, {len(proved.public)} public inputs; written to {output}"
    return answer(document, lambda console: console.print(text))
