"""`zkmargin ceremony`: many people make a key together, so that nobody can forge unless all of them collude."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...kernel.errors import FileError, InputError
from ...kernel.files import read_file
from ...kernel.strict_json import LARGEST_FILE
from ..views.help import Grouped
from ..views.progress import bars
from .batch_commands import AllowDevelopment
from .output import answer

if TYPE_CHECKING:
    from ...kernel.phase2 import KeyTranscript
    from ...verifier.ceremony_transcript import Transcript

__all__ = ["ceremony", "start_one"]

ceremony = typer.Typer(
    cls=Grouped,
    help="Make keys together: nobody can forge unless every contributor colludes.",
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The ceremony's folder.")]
TargetPath = Annotated[Path, typer.Argument(metavar="DIR|KEY.zkey", help="The ceremony's folder, or one key of it.")]
PtauFile = Annotated[Path, typer.Option("--ptau", help="Prepared powers of tau, as snarkjs makes them.")]


@ceremony.command()
def start(
    directory: Folder,
    circuits: Annotated[list[Path], typer.Argument(metavar="CIRCUIT...", help="Compiled folders, or .r1cs files.")],
    *,
    ptau: PtauFile,
    json_: Json = False,
) -> int:
    """Start a ceremony for one circuit or several."""
    from ...prover.ceremony import start_ceremony

    with bars(sys.stderr):
        transcript = start_ceremony(directory, ptau, circuits)
    return _told(directory, transcript, "the ceremony has started")


@ceremony.command()
def contribute(
    target: TargetPath,
    *,
    name: Annotated[str, typer.Option(help="Who contributes: it stands in the transcript.")] = "",
    entropy: Annotated[
        Path | None, typer.Option(help="A file mixed into the system's randomness; - asks for a text.")
    ] = None,
    theirs: Annotated[
        list[Path] | None, typer.Option(help="Take over a key contributed to elsewhere; once a circuit.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The new key, of a single key.")] = None,
    json_: Json = False,
) -> int:
    """Contribute fresh randomness, or take over what was contributed elsewhere."""
    from ...prover.ceremony import accept_contribution, add_contribution, contribute_to_file
    from ..files.outputs import NOTHING, check_output

    if theirs:
        if name or entropy or output:
            raise InputError("--theirs brings name and randomness of its own", code="usage")
        with bars(sys.stderr):
            transcript = accept_contribution(target, theirs)
        return _told(target, transcript, "their contribution was checked and taken over")
    if not name:
        raise InputError("a contribution needs a --name", code="usage")
    _there(target)
    if target.is_dir():
        if output:
            raise InputError("--output goes with a single key", code="usage")
        text = _text(entropy)
        with bars(sys.stderr):
            transcript = add_contribution(target, name, text)
        return _told(target, transcript, f"{name} has contributed")
    if output is None:
        raise InputError("a single key needs an --output", code="usage")
    check_output(output, NOTHING, inputs=[target])
    return _key_told(contribute_to_file(target, output, name, _text(entropy)), {"zkey": str(output)})


@ceremony.command("beacon")
def beacon_(
    directory: Folder,
    value: Annotated[str, typer.Argument(metavar="HEX", help="A public value nobody could foresee.")],
    *,
    exponent: Annotated[int, typer.Option(help="It is hashed 2^N times: 10 to 40.")] = 20,
    name: Annotated[str, typer.Option(help="What the value is.")] = "beacon",
    json_: Json = False,
) -> int:
    """Give the beacon, the last step: a public value of after the last contribution."""
    from ...prover.ceremony import add_beacon

    try:
        content = bytes.fromhex(value.removeprefix("0x"))
    except ValueError:
        raise InputError("the beacon must be hexadecimal", code="usage") from None
    with bars(sys.stderr):
        transcript = add_beacon(directory, content, exponent, name)
    return _told(directory, transcript, "the beacon was given")


@ceremony.command()
def verify(
    target: TargetPath,
    *,
    r1cs: Annotated[Path | None, typer.Option(help="The circuit of a single key.")] = None,
    ptau: Annotated[Path | None, typer.Option(help="The powers of tau of a single key.")] = None,
    allow_development: AllowDevelopment = False,
    json_: Json = False,
) -> int:
    """Check a ceremony from the first key to the last; of a single key, against its circuit and powers."""
    from ...verifier.ceremony import verify_ceremony, verify_file

    _there(target)
    if target.is_dir():
        with bars(sys.stderr):
            verified = verify_ceremony(target, allow_development=allow_development)
        text = f"everything holds, the ceremony is {'complete' if verified.complete else 'not complete'}"
        return _told(target, verified.transcript, text, complete=verified.complete)
    if r1cs is None or ptau is None:
        raise InputError("a single key is checked against its --r1cs and --ptau", code="usage")
    return _key_told(verify_file(target, r1cs, ptau, allow_development=allow_development), {})


@ceremony.command()
def finish(directory: Folder, json_: Json = False) -> int:
    """Check everything once more and write the keys; refused without a contribution and a beacon."""
    from ...prover.ceremony import finish_ceremony

    with bars(sys.stderr):
        results = finish_ceremony(directory)
    document = {
        "ok": True,
        "development": False,
        "circuits": {name: {"key_id": made.key_id, "files": made.files} for name, made in results.items()},
    }
    lines = [f"{name}: {made.key_id}" for name, made in results.items()]
    return answer(document, lambda console: console.print("\n".join(["the keys are made", *lines])))


def start_one(directory: Path, ptau: Path) -> int:
    """Answer `zkmargin setup DIR --ptau FILE`: a ceremony of this one circuit, in its own folder."""
    from ...prover.ceremony import start_here

    with bars(sys.stderr):
        transcript = start_here(directory, ptau)
    text = "anyone can forge under this key until people contribute: zkmargin ceremony contribute, beacon, finish"
    return _told(directory, transcript, text, development=False, key_id=None)


def _told(directory: Path, transcript: Transcript, text: str, **more: bool | None) -> int:
    """Say where a ceremony stands."""
    last = transcript.steps[-1]
    document: dict[str, Any] = {
        "ok": True,
        **more,
        "step": len(transcript.steps) - 1,
        "transcript": transcript.hash,
        "contributors": [step.name for step in transcript.steps if step.kind == "contribution"],
        "circuits": {
            circuit.folder: {"circuit_hash": circuit.circuit_hash, "contribution": key.contribution, "key": key.sha256}
            for circuit, key in zip(transcript.circuits, last.keys, strict=True)
        },
        "files": {c.folder: str(transcript.find_key(directory, c)) for c in transcript.circuits},
    }
    lines = [text, f"step {document['step']}, transcript {transcript.hash}"]
    for circuit, key in zip(transcript.circuits, last.keys, strict=True):
        lines.append(f"{circuit.folder}: contribution {key.contribution or 'none yet'}")
    return answer(document, lambda console: console.print("\n".join(lines)))


def _key_told(key: KeyTranscript, files: dict[str, str]) -> int:
    """Say who contributed to a single key."""
    made = [
        {"name": each.name, "hash": "0x" + each.hash.hex(), "beacon": each.beacon is not None}
        for each in key.contributions
    ]
    document = {"ok": True, "circuit_hash": "0x" + key.circuit.hex(), "contributions": made, "files": files}
    lines = [f"{each['name'] or '(no name)'}: contribution {each['hash']}" for each in made]
    return answer(document, lambda console: console.print("\n".join(lines or ["nobody has contributed yet"])))


def _there(target: Path) -> None:
    """Raise FileError when nothing is there: what is missing is neither a folder nor a key."""
    if not target.exists():
        message = f"there is no ceremony's folder and no key {target.name}"
        raise FileError(message, code="no-such-file", file=str(target))


def _text(entropy: Path | None) -> bytes:
    """Return what a contributor mixes in; it is neither shown nor kept."""
    if entropy is None:
        return b""
    if str(entropy) == "-":
        text: str = typer.prompt("any text", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read()
        return text.encode()
    return read_file(entropy, limit=LARGEST_FILE)
