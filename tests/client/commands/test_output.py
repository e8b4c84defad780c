"""A script that takes a full disk or a reader who left for "does not hold", or a lost answer for an answer."""

import os
import signal
import subprocess
import sys
import time

import pytest

from zkmargin.client.commands.output import answer, guarded, note
from zkmargin.kernel.errors import ProofRejected

# Every case in a process of its own, forked once everything is loaded: what happens at a process's end counts, too.
CASES = """
import os, sys
from zkmargin.client import session
from zkmargin.client.commands import app, process, verify, prove
from zkmargin.client.views import show
import pydantic, rich.console, rich.table, typer
from zkmargin.client.margin import explain, report
from zkmargin.circuits import build, stats
from zkmargin.circuits.rules import cross_margin
from zkmargin.client.families import cross_margin as files
from zkmargin.verifier import batch

def sink(kind):
    if kind == "closed":
        return None
    if kind == "full":
        return os.open("/dev/full", os.O_WRONLY)
    reading, writing = os.pipe()
    os.close(reading)
    return writing

def forked(kind, streams, arguments):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    for stream in streams:
        descriptor = sink(kind)
        if descriptor is None:
            os.close(stream)
        else:
            os.dup2(descriptor, stream)
    sys.stdout = None if kind == "closed" and 1 in streams else open(1, "w", closefd=False)
    sys.stderr = None if kind == "closed" and 2 in streams else open(2, "w", closefd=False, buffering=1)
    sys.argv[1:] = arguments
    process.main()
    os._exit(99)

for line in sys.stdin:
    kind, streams, *arguments = line.rstrip("\\n").split("\\t")
    code = forked(kind, [int(one) for one in streams], arguments)
    print(code, flush=True)
"""


@pytest.fixture
def codes(folder, circuits):
    """Return a function that runs command lines with streams that lead nowhere; their exit codes, in order."""

    def run(cases):
        lines = ["\t".join([kind, streams, *map(str, arguments)]) for kind, streams, arguments in cases]
        done = subprocess.run(
            [sys.executable, "-c", CASES],
            check=True,
            cwd=folder,
            input="\n".join(lines) + "\n",
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert "unexpected" not in done.stderr, done.stderr
        assert "Exception ignored" not in done.stderr, done.stderr
        found = [int(line) for line in done.stdout.splitlines()]
        assert len(found) == len(lines), done.stderr
        return found

    return run


@pytest.fixture
def commands(zkmargin, folder, small):
    """Return command lines of every kind of output, each with the exit code it has when somebody reads it."""
    files, circuit = small[:4], small[4:]
    proof = folder / "proof"
    assert zkmargin("prove", folder / "portfolio-small.json", *small, "--context", "1", "--out", proof).code == 0
    verify = [proof, *circuit, "--allow-development"]
    said = [
        (["check", folder / "portfolio-small.json", *files], 0),
        (["tables", folder / "market.json", *files[2:]], 0),
        (["explain", folder / "portfolio-small.json", *files], 0),
        (["stats", circuit[1]], 0),
        (["verify", *verify, *files], 0),
        (["verify-batch", *verify, *files], 0),
        (["groth16", "verify", circuit[1] / "verification_key.json", proof / "public.json", proof / "proof.json",
          "--allow-development"], 0),
        (["prove", folder / "portfolio-small.json", *small, "--context", "2", "--out", folder / "other"], 0),
    ]  # fmt: skip
    helps = [(["--help"], 0), (["verify", "--help"], 0), (["groth16", "--help"], 0), (["prove", "--help"], 0)]
    no = [(["verify", *verify, *files, "--margin", "initial"], 1), (["verify", proof, *circuit], 1)]
    wrong = [(["verify", folder / "nowhere", *verify[1:]], 2), (["frobnicate"], 2)]
    return said, helps, no, wrong


def test_an_answer_that_nobody_receives_is_never_an_answer(codes, commands, tally):
    said, helps, no, wrong = commands
    cases, wanted = [], []
    for kind, code in (("pipe", 141), ("closed", 141), ("full", 2)):
        some = slice(None) if kind == "pipe" else slice(4, 5)  # of the writer there is one; pipes are what people close
        for arguments, _ in said[some]:
            cases.append((kind, "1", arguments))
            wanted.append(code)
        for arguments in (said[4][0], said[7][0]):  # the one document has one writer, too
            cases.append((kind, "1", [*arguments, "--json"]))
            wanted.append(code)
        cases += [(kind, "1", arguments) for arguments, _ in helps[: 4 if kind == "pipe" else 1]]
        wanted += [code] * (4 if kind == "pipe" else 1)
        for arguments, plain in (no[0], wrong[0]):
            # People are told on stderr; the document is on stdout.
            cases += [(kind, "1", arguments), (kind, "1", [*arguments, "--json"])]
            wanted += [plain, code]
    found = codes(cases)
    lost = [(case, got, want) for case, got, want in zip(cases, found, wanted, strict=True) if got != want]
    assert lost == []
    assert 1 not in [got for got, want in zip(found, wanted, strict=True) if want != 1]
    tally(
        "P4", "answers into closed pipes, closed streams and full disks, none taken for another", len(cases), len(lost)
    )


def test_that_nobody_reads_the_notes_changes_no_answer(codes, commands):
    said, _, no, wrong = commands
    cases, wanted = [], []
    for kind in ("pipe", "closed", "full"):
        for arguments, code in (said[4], no[0], wrong[1]):
            cases.append((kind, "2", arguments))
            wanted.append(code)
        cases.append((kind, "12", said[0][0]))
        wanted.append(2 if kind == "full" else 141)
    assert codes(cases) == wanted


def test_a_library_that_gives_up_has_not_judged(capsys):
    """`sys.exit(1)` somewhere below is no refusal of a proof."""
    for raised, code in ((SystemExit(1), 2), (SystemExit(0), 0), (SystemExit("x"), 2), (ProofRejected("no"), 1)):

        def gives_up(raised=raised):
            print("half an answer")
            raise raised

        assert guarded(gives_up, as_json=False) == code
        assert capsys.readouterr().out == "half an answer\n"


def test_bytes_that_a_program_writes_are_handed_out_in_their_place(capfd):
    """A PySNARK program runs inside a command, and its stdout is a stdout like any other."""

    def command():
        print("one")
        sys.stdout.buffer.write(b"two\n")
        sys.stdout.flush()
        return answer({"ok": True}, "three")

    assert guarded(command, as_json=False) == 0
    assert capfd.readouterr().out == "one\ntwo\nthree\n"
    assert guarded(command, as_json=True) == 0
    said = capfd.readouterr()
    assert said.out == '{"ok": true}\n'
    assert sorted(said.err.split()) == ["one", "two"]


def test_a_terminal_that_cannot_show_a_letter_shows_its_number(tmp_path):
    script = "from zkmargin.client.commands.output import answer, guarded; import sys\n"
    script += "sys.exit(guarded(lambda: answer({'ok': True}, 'Zo\\u00eb \\u20ac'), as_json=False))"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, env=environment)
    assert (done.returncode, done.stdout) == (0, b"Zo\\xeb \\u20ac\n")


def test_the_order_on_one_stream_is_notes_then_answer(capsys):
    def command():
        note("first")
        print("chatter")
        return answer({"ok": False}, "said")

    assert guarded(command, as_json=False) == 1
    captured = capsys.readouterr()
    assert (captured.err, captured.out) == ("first\n", "chatter\nsaid\n")
    assert guarded(command, as_json=True) == 1
    captured = capsys.readouterr()
    assert (captured.err, captured.out) == ("first\nchatter\n", '{"ok": false}\n')


@pytest.mark.parametrize("wait", [0.03, 0.5])
def test_an_interrupt_ends_with_130_however_early_it_comes(folder, wait):
    script = "import os, sys\nfrom zkmargin.client.commands.process import main\nos.write(1, b'!')\nmain()"
    run = subprocess.Popen(
        [sys.executable, "-c", script, "check", "-", "-m", "market.json", "-p", "parameters.json"],
        cwd=folder,
        stdin=subprocess.PIPE,  # nobody writes there: the command waits
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stdout.read(1) == b"!"
    time.sleep(wait)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=30)
    assert run.returncode == 130, err
    assert out == b""
    assert b"Traceback" not in err
