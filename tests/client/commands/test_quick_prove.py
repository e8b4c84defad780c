"""Lost without these: a `prove` that means one thing when it is quick and another when it is not."""

import contextlib
import dataclasses
import itertools
import subprocess
import sys

import pytest

from zkmargin.client.commands import app as cli
from zkmargin.client.commands import process as command
from zkmargin.client.commands import prove as proving
from zkmargin.client.secrets.writer import meanwhile

OPTIONS = {
    "--market": ["m.json", "a b", "--json", "-m", ""],
    "--parameters": ["p.json"],
    "--circuit": ["c", "é"],
    "--context": ["7", "0x1F", "", "-1", "1e3", "٣", "9" * 79],
    "--out": ["out", "-"],
    "--opening": ["o.json"],
    "--credit": ["5", "0x", "+1"],
    "--margin": ["initial", "neither"],
    "--owner": ["k.json"],
    "--opening-out": ["kept.json"],
    "--witness": ["w.wtns"],
    "--box": ["1%", "-1"],
}
SHORT = {"--market": "-m", "--parameters": "-p", "--circuit": "-c"}
NOISE = ["--json", "--help", "--", "-x", "--out=here", "--mark", "portfolio.json", "-mm.json", "prove", ""]


def lines(rng, count):
    """Give command lines, most of them well formed, in any order."""
    for _ in range(count):
        chosen = [option for option in OPTIONS if rng.random() < (0.97 if option in NEEDED else 0.3)]
        words = []
        for option in chosen:
            value = OPTIONS[option][0] if rng.random() < 0.9 else rng.choice(OPTIONS[option])
            name = SHORT[option] if option in SHORT and rng.random() < 0.5 else option
            words.append([name, value])
        words += [[word] for word in NOISE if rng.random() < (0.6 if word in ("--json", "portfolio.json") else 0.03)]
        if words and rng.random() < 0.05:
            words.append(rng.choice(words))
        rng.shuffle(words)
        yield ["prove", *itertools.chain.from_iterable(words)]


NEEDED = ("--market", "--parameters", "--circuit", "--context", "--out")


def test_a_plain_prove_asks_what_the_command_line_asks(monkeypatch, rng, size, say):
    """Whatever is read quickly, typer reads alike; and what is well formed is read quickly."""
    asked = []
    monkeypatch.setattr(proving, "prove_to_files", lambda request: asked.append(request) or 0)
    plain = 0
    for line in lines(rng, size(100, 5_000)):
        quick = command.plain_prove(line)
        asked.clear()
        code = cli.run(line)
        if quick is not None:
            plain += 1
            assert code == 0, line
            assert [dataclasses.asdict(request) for request in asked] == [dataclasses.asdict(quick)], line
    say(f"{plain} of the command lines were plain")
    assert plain > size(100, 5_000) // 5


def test_proving_loads_neither_the_command_line_nor_its_decoration(folder, small, tmp_path):
    """The libraries that a quick proof must not wait for."""
    arguments = ["prove", str(folder / "portfolio-small.json"), *map(str, small), "--context", "7", "--out", "proof"]
    code = (
        "import sys\nfrom zkmargin.client.commands.process import run\ncode = run(sys.argv[1:])\n"
        "slow = {'typer', 'click', 'rich', 'requests', 'eth_account', 'py_ecc', 'eth_abi'} & set(sys.modules)\n"
        "print(code, sorted(slow))"
    )
    for extra in ([], ["--json"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments, *extra], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == "0 []", done.stderr
    assert {path.name for path in (tmp_path / "proof").iterdir()} == {"proof.json", "public.json", "receipt.json"}


def test_an_opening_that_cannot_be_written_keeps_its_proof_back(folder, small, tmp_path):
    from zkmargin.client.session import Session, Where
    from zkmargin.kernel.errors import FileError

    session = Session.load(small[3], small[5])
    nowhere = Where(tmp_path / "owner.json", tmp_path / "no such folder" / "opening.json")
    with pytest.raises(FileError):
        session.prove(folder / "portfolio-small.json", small[1], context=7, where=nowhere)


def test_the_write_is_over_when_the_block_is_left(tmp_path):
    """However it is left; and a failed write is what the caller hears of."""
    for failure, end in ((None, contextlib.nullcontext()), (ValueError("own"), pytest.raises(ValueError, match="own"))):
        mark = tmp_path / str(failure)
        with end, meanwhile(lambda mark=mark: mark.write_text("written")):
            if failure:
                raise failure
        assert mark.read_text() == "written"
    with pytest.raises(OSError, match="disk"), meanwhile(lambda: _fail(OSError("disk"))):
        pass


def _fail(error):
    raise error
