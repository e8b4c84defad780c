"""PySNARK programs on this prover: a backend for its runtime, found by it under the name of one that it knows.

PySNARK is not a dependency (parts of it are licensed for non-commercial use only) and nothing of it is imported here:
`use` only puts a backend where PySNARK's runtime looks for one when a program imports it. The backend records, and
`prove` sets up, proves, verifies and writes iden3's files.
"""

from __future__ import annotations

import runpy
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from ..circuits.build import MANIFEST
from ..circuits.foreign import first_broken, witness_values
from ..circuits.r1cs import r1cs_bytes, sym_bytes
from ..circuits.recorder import Combination, Recorder
from ..kernel import Proof, ProvingKey, R, VerifyingKey, is_development_key, load_key, prove, public_inputs, write_wtns
from ..kernel.errors import EnvironmentFault, FileError, InputError, MismatchError, ZkmarginError
from ..kernel.files import read_file, write_file
from ..kernel.strict_json import read_json
from .foreign import BrokenConstraint, development_key, write_document

__all__ = ["ProvedProgram", "PysnarkBackend", "run_program", "use"]

SLOT = "pysnark.snarkjsbackend"  # the backend whose field and files are also iden3's
RUNTIME = "pysnark.runtime"


@dataclass(frozen=True)
class ProvedProgram:
    """A program's verified proof. `development`: anyone can forge under its key."""

    proof: Proof
    public: tuple[int, ...]
    constraints: int
    development: bool
    files: dict[str, str]


class PysnarkBackend(ModuleType):
    """A backend of PySNARK: the functions that its runtime calls, under the names it calls them by."""

    process_snark = None  # newer runtimes ask for it when a program proves by itself; there is nothing more to do

    def __init__(self, directory: Path, witness: Path | None = None) -> None:
        """Record for a folder; `witness` is where the secret `.wtns` goes, if anywhere."""
        super().__init__(SLOT)
        self.directory = directory
        self.witness_file = witness
        self.recorder = Recorder()
        self.proved: ProvedProgram | None = None

    def __repr__(self) -> str:
        """Keep the values out of logs and tracebacks."""
        return f"PysnarkBackend({self.recorder!r})"

    def privval(self, val: int) -> Combination:
        """Make a hidden wire."""
        return self.recorder.hidden(val)

    def pubval(self, val: int) -> Combination:
        """Make a public input."""
        return self.recorder.public(val)

    def zero(self) -> Combination:
        """Return the constant 0."""
        return self.recorder.constant(0)

    def one(self) -> Combination:
        """Return the constant 1."""
        return self.recorder.constant(1)

    def fieldinverse(self, val: int) -> int:
        """Return 1/val in the field. Raises InputError for zero."""
        if val % R == 0:
            raise InputError("zero has no inverse in the field", code="division-by-zero")
        return pow(val % R, -1, R)

    def get_modulus(self) -> int:
        """Return the order of the field."""
        return R

    def add_constraint(self, v: Combination, w: Combination, y: Combination) -> None:
        """Record the row v·w = y and the program's line that asked for it."""
        self.recorder.constrain(v, w, y, _line_of_program())

    def prove(self) -> ProvedProgram:
        """Prove what was recorded and write the folder's files; PySNARK calls it when the program ends.

        A key in the folder is used when its `circuit.r1cs` is this very circuit; otherwise a development key is made.
        Raises BrokenConstraint when the program's values break a constraint, before anything is written.
        """
        system, witness = self.recorder.system(), self.recorder.witness()
        broken = first_broken(system, witness_values(system, witness))
        if broken is not None:
            where = system.row_source(broken.constraint).where
            raise BrokenConstraint(broken.constraint, broken.wires, file=str(self.directory), where=where)
        files = {name: self.directory / f"circuit.{name}" for name in ("r1cs", "sym", "zkey")}
        files |= {name: self.directory / f"{name}.json" for name in ("verification_key", "proof", "public")}
        self.directory.mkdir(parents=True, exist_ok=True)
        key = _key_for(r1cs_bytes(system), sym_bytes(system), files)
        proof = prove(key, witness)
        public = tuple(public_inputs(key, witness))
        if self.witness_file is not None:
            write_wtns(self.witness_file, witness)
        write_document(files["public"], [str(value) for value in public])
        write_document(files["proof"], proof.as_json())
        development = is_development_key(key.verifying_key)
        paths = {name: str(path) for name, path in files.items()}
        self.proved = ProvedProgram(proof, public, system.rows, development, paths)
        return self.proved


def use(directory: Path, *, witness: Path | None = None) -> PysnarkBackend:
    """Make this prover the backend of PySNARK; call it before anything of PySNARK is imported.

    When the program ends, PySNARK calls `prove`. Raises EnvironmentFault when PySNARK is not installed or has
    chosen its backend already.
    """
    if RUNTIME not in sys.modules and find_spec("pysnark") is None:
        raise EnvironmentFault("PySNARK is not installed, and this package never installs it", code="no-pysnark")
    if RUNTIME in sys.modules:
        raise EnvironmentFault(
            "PySNARK is imported already and has chosen its backend",
            code="pysnark-imported",
            hint="call use() before importing it",
        )
    backend = PysnarkBackend(directory, witness)
    sys.modules[SLOT] = backend
    return backend


def run_program(
    program: Path, directory: Path, arguments: Sequence[str] = (), *, witness: Path | None = None
) -> ProvedProgram:
    """Run a PySNARK program in this process and prove it.

    Raises EnvironmentFault as `use`, InputError when the program fails (by place, never by what its exception says:
    that may be a hidden value) or takes another backend, BrokenConstraint when its values break a constraint.
    """
    if not program.is_file():
        raise InputError("there is no such program", code="bad-file", file=str(program))
    backend = use(directory, witness=witness)
    try:
        with _as_script(program, arguments):
            _run(program)
        runtime = sys.modules.get(RUNTIME)
        if runtime is None:
            raise InputError("the program imports no PySNARK", code="no-pysnark", file=str(program))
        chosen: object = getattr(runtime, "backend", None)
        if chosen is not backend:
            raise InputError("the program takes another backend of PySNARK", code="other-backend", file=str(program))
        return backend.proved or backend.prove()
    finally:
        if RUNTIME in sys.modules:
            sys.modules[RUNTIME].__dict__["autoprove"] = False  # or it would prove again when this process ends


def _run(program: Path) -> None:
    """Run a script as `python program` would; raises InputError when it fails."""
    try:
        runpy.run_path(str(program), run_name="__main__")
    except ZkmarginError:
        raise
    except SystemExit as error:
        if error.code not in (None, 0):
            raise InputError("the program ended with an error", code="program-failed", file=str(program)) from None
    except Exception as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(program)]
        raise InputError(
            f"the program stopped with {type(error).__name__}",
            code="program-failed",
            file=str(program),
            line=lines[-1] if lines else None,
        ) from None


@contextmanager
def _as_script(program: Path, arguments: Sequence[str]) -> Iterator[None]:
    """Let a program find its arguments, and modules beside it."""
    argv, path = sys.argv, list(sys.path)
    sys.argv, sys.path[:] = [str(program), *arguments], [str(program.resolve().parent), *path]
    try:
        yield
    finally:
        sys.argv, sys.path[:] = argv, path


def _key_for(r1cs: bytes, sym: bytes, files: dict[str, Path]) -> ProvingKey:
    """Return the folder's key for exactly this circuit, or make the development key."""
    present = all(files[name].is_file() for name in ("r1cs", "zkey", "verification_key"))
    if not present or read_file(files["r1cs"]) != r1cs:
        _refuse_others(files)
        files["zkey"].unlink(missing_ok=True)  # so that a key never stands beside a circuit it was not made for
        write_file(files["r1cs"], r1cs, mode=0o644)
        write_file(files["sym"], sym, mode=0o644)
        development_key(files["r1cs"], files["zkey"], files["verification_key"])
    key = load_key(files["zkey"])
    if VerifyingKey.from_json(read_json(files["verification_key"])) != key.verifying_key:
        raise MismatchError("the proving key and the verifying key are not a pair", file=str(files["zkey"]))
    return key


def _refuse_others(files: dict[str, Path]) -> None:
    """Raise FileError when a folder has a compiled statement, or a key that could not be made again."""
    folder = files["zkey"].parent
    if (folder / MANIFEST).exists():
        raise FileError("the folder has a compiled statement", code="exists", file=str(folder), hint="another folder")
    if files["zkey"].is_file() and not is_development_key(load_key(files["zkey"]).verifying_key):
        raise FileError(
            "the folder has another circuit with a key of its own, which nothing replaces",
            code="exists",
            file=str(files["zkey"]),
            hint="another folder",
        )


def _line_of_program() -> str:
    """Return `file:line` of the innermost frame that is neither PySNARK's nor ours."""
    frame = sys._getframe(2)
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).split(".")[0] == "pysnark":
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
