"""Somebody at a shell who presses tab, and gets nothing, or a command that then does not exist."""

import os
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-c", "from zkmargin.client.commands.app import main; main()"]


def shell(*arguments, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("_ZKMARGIN", "COMP_"))}
    return subprocess.run(
        [*COMMAND, *arguments],
        check=False,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def bash(words):
    """Return what bash would offer for the last of these words."""
    answer = shell(COMP_WORDS=words, COMP_CWORD=str(words.count(" ")), _ZKMARGIN_COMPLETE="complete_bash")
    assert (answer.returncode, answer.stderr) == (0, "")
    return answer.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("zkmargin pro", {"prove"}),
        ("zkmargin groth16 ", {"check", "prove", "pysnark", "setup", "simplify", "stats", "verify"}),
        ("zkmargin prove --ma", {"--market", "--margin"}),
        ("zkmargin check --margin ", {"initial", "maintenance"}),
        ("zkmargin compile --statement s", {"sufficiency", "shortfall", "sufficiency-box"}),
        ("zkmargin nothing-like-it", set()),
    ],
)
def test_bash_is_offered_what_exists(words, offered):
    assert set(bash(words)) == offered


def test_every_command_is_offered():
    help_text = shell("--help").stdout
    offered = bash("zkmargin ")
    assert {"check", "prove", "verify", "demo"} <= set(offered)
    for name in offered:
        assert name in help_text, name


def test_zsh_and_fish_are_answered():
    for name in ("zsh", "fish"):
        answer = shell(
            _TYPER_COMPLETE_ARGS="zkmargin pro",
            _TYPER_COMPLETE_FISH_ACTION="get-args",
            _ZKMARGIN_COMPLETE=f"complete_{name}",
        )
        assert answer.returncode == 0
        assert "prove" in answer.stdout
        assert "verify" not in answer.stdout


def test_completion_is_shown_and_installed_for_the_shell_asked(tmp_path):
    # Without a terminal there is no shell to detect: typer would look at the process that runs the tests.
    asked = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "HOME": str(tmp_path)}
    shown = shell("--show-completion", "bash", **asked)
    assert shown.returncode == 0
    assert "complete -o default -F _zkmargin_completion zkmargin" in shown.stdout
    installed = shell("--install-completion", "bash", **asked)
    assert installed.returncode == 0
    script = tmp_path / ".bash_completions/zkmargin.sh"
    assert "_zkmargin_completion" in script.read_text()
    assert str(script) in (tmp_path / ".bashrc").read_text()
