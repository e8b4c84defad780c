"""A bar in a log is noise, and one that tells of work not done is worse than none."""

import io
import os
import pty
import subprocess
import sys
import threading

import pytest

from zkmargin.client.views.progress import bars
from zkmargin.kernel.progress import tracked, watched


def test_what_is_tracked_is_told_before_each_and_after_all():
    heard = []
    with watched(lambda *told: heard.append(told)):
        assert list(tracked("keys", "ab", 2, 1.5)) == ["a", "b"]
    assert heard == [("keys", 0, 2, 1.5), ("keys", 1, 2, 1.5), ("keys", 2, 2, 1.5)]
    assert list(tracked("keys", "ab", 2)) == ["a", "b"]  # nobody listens
    assert len(heard) == 3

    def lose():
        for _ in tracked("keys", "ab", 2):
            raise ValueError("lost")

    with watched(lambda *told: heard.append(told)), pytest.raises(ValueError, match="lost"):
        lose()
    assert heard[3:] == [("keys", 0, 2, None)]  # what failed is not told as done


def test_no_bar_goes_where_nobody_looks():
    stream = io.StringIO()
    with bars(stream):
        assert list(tracked("accounts", range(5), 5)) == list(range(5))
    assert stream.getvalue() == ""
    stream.close()
    for nowhere in (None, stream):  # closed before the process began, or since
        with bars(nowhere):
            assert list(tracked("accounts", range(5), 5)) == list(range(5))


def shown(folder, *line):
    """Return exit code, stdout and what a terminal saw of a command."""
    ours, theirs = pty.openpty()
    saw = []

    def read():
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:
                return
            if not piece:
                return
            saw.append(piece)

    reader = threading.Thread(target=read)
    reader.start()
    code = "import sys; from zkmargin.client.commands.process import run; sys.exit(run(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, line)],
        check=False,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
        timeout=60,
    )
    os.close(theirs)
    reader.join(10)
    os.close(ours)
    return done.returncode, done.stdout.decode(), b"".join(saw).decode()


def test_a_terminal_sees_count_and_time_left(folder, circuits):
    small = folder / "parameters-small.json"
    told = {
        ("compile", small, "--statement", "sufficiency", "-o", "c", "--json"): ("files", "4/4"),
        ("setup", "c", "--development", "--json"): ("key", "1/1"),
        ("batch", folder / "accounts.csv", "-m", "market.json", "-p", small, "-c", circuits / "sufficiency",
         "--context", "1", "--out", "q", "--workers", "1", "--json"): ("accounts", "2/2"),
    }  # fmt: skip
    rows = "account,kind,name,amount,entry_price\na,cash,USDC,100,\nb,cash,USDC,200,\n"
    (folder / "accounts.csv").write_text(rows)
    for line, (what, count) in told.items():
        code, out, saw = shown(folder, *line)
        assert code == 0, (line, saw)
        assert out.count("\n") == 1  # the document alone
        assert what in saw, (line, saw)
        assert count in saw, (line, saw)
        assert "0:00:0" in saw
