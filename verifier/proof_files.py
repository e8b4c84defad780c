"""A proof's folder: `proof.json` and `public.json` as snarkjs writes them, and the receipt beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..kernel import Proof
from ..kernel.arguments import PATH, takes
from ..kernel.decimal_strings import decimal_strings
from ..kernel.errors import FileError, FormatError, InputError
from ..kernel.folders import check_replaceable, read_folder, write_folder
from ..kernel.strict_json import parse_json, read_json
from .receipt import Receipt

__all__ = [
    "PROOF",
    "PUBLIC",
    "RECEIPT",
    "ProofFiles",
    "as_read",
    "check_proof_folder",
    "proof_json",
    "public_json",
    "read_proof",
    "read_public",
    "write_proof",
]

PROOF, PUBLIC, RECEIPT = "proof.json", "public.json", "receipt.json"


@dataclass(frozen=True)
class ProofFiles:
    """What a proof's folder holds. Nothing in it is trusted: `receipt` is what the prover says of the proof."""

    public: tuple[int, ...]
    proof: Proof
    receipt: Receipt | None = None


def proof_json(proof: Proof) -> bytes:
    """Return the bytes of `proof.json`."""
    return (json.dumps(proof.as_json(), indent=1) + "\n").encode()


def public_json(values: Sequence[int]) -> bytes:
    """Return the bytes of `public.json`."""
    return (json.dumps([str(value) for value in values], indent=1) + "\n").encode()


def write_proof(directory: Path, proof: Proof, public: Sequence[int], receipt: Receipt) -> dict[str, str]:
    """Write a proof's three files as one folder that appears at once; return name -> path.

    An older proof there is replaced as a whole. Raises FileError when the folder cannot be written or holds more.
    """
    contents = {PROOF: proof_json(proof), PUBLIC: public_json(public), RECEIPT: receipt.to_bytes()}
    write_folder(directory, contents)
    return {name.removesuffix(".json"): str(directory / name) for name in contents}


def check_proof_folder(directory: Path) -> None:
    """Raise FileError when `write_proof` would refuse the folder: before the work is done that is to go there."""
    check_replaceable(directory, (PROOF, PUBLIC, RECEIPT))


@takes(directory=PATH)
def read_proof(directory: str | Path) -> ProofFiles:
    """Return what a proof's folder holds, all of one proving even while somebody writes another there.

    Raises FileError, FormatError; ProofRejected (code "schema") for a receipt that is none.
    """
    directory = Path(directory)
    return _parsed(read_folder(directory, (PROOF, PUBLIC), (RECEIPT,)), directory)


def as_read(proof: Proof, public: Sequence[int], receipt: Receipt | None) -> ProofFiles:
    """Return a proof in memory as reading its files would: whoever was sent an object trusts nothing in it either.

    Raises as `read_proof`, InputError when it holds what no file could.
    """
    try:
        contents = {PROOF: proof_json(proof), PUBLIC: public_json(public)}
        if receipt is not None:
            contents[RECEIPT] = receipt.to_bytes()
    except (AttributeError, IndexError, TypeError, ValueError):
        raise InputError("this object is no proof", code="bad-proof") from None
    return _parsed(contents, Path())


def _parsed(found: Mapping[str, bytes], directory: Path) -> ProofFiles:
    proof = Proof.from_json(parse_json(found[PROOF], directory / PROOF, padded=True))
    public = _public(parse_json(found[PUBLIC], directory / PUBLIC, padded=True), directory / PUBLIC)
    receipt = Receipt.parse(found[RECEIPT], directory / RECEIPT) if RECEIPT in found else None
    return ProofFiles(tuple(public), proof, receipt)


@takes(path=PATH)
def read_public(path: str | Path) -> list[int]:
    """Return the public inputs of a `public.json`. Raises FileError."""
    path = Path(path)
    return _public(read_json(path, padded=True), path)


def _public(data: object, path: Path) -> list[int]:
    try:
        return decimal_strings(data, "the list of public inputs", "bad-public")
    except FormatError as error:
        raise FileError(error.message, code=error.code, file=str(path)) from None
