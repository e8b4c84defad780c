"""How the help reads: commands in groups of one purpose, each with an example, and help that is asked for by nothing.

A group that is called without a command answers with its help, as `-h` does: that is no error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperGroup

__all__ = ["HELP", "LEVELS", "Grouped", "ProductHelp", "with_examples"]

LEVELS = "[initial|maintenance]"
HELP = {"help_option_names": ["-h", "--help"]}
_OF = "-m market.json -p parameters.json"

GROUPS: Mapping[str, Mapping[str, str]] = {  # commands, each in few words: a line of 60 columns holds them
    "Your portfolio": {
        "import": "make its file of a venue's answer",
        "check": "is margin met? each position's part",
        "explain": "why, how far a breach is, what if",
    },
    "Proofs": {
        "prove": "prove the margin of a portfolio",
        "verify": "verify a proof, say all it shows",
    },
    "Many accounts": {
        "batch": "prove many under one key; goes on",
        "verify-batch": "verify many proofs at once",
    },
    "Circuits, keys, tables": {
        "compile": "compile a rule's statement",
        "setup": "make its development key",
        "ceremony": "make a real key, together",
        "stats": "what a circuit is made of",
        "tables": "the tables that a proof speaks of",
    },
    "Your own rules": {"rule": "try a margin rule of your own"},
    "Other people's circuits": {"groth16": "prove and verify any circom files"},
    "This installation": {
        "demo": "one trader's path, start to end",
        "doctor": "what is installed, what is missing",
    },
}

EXAMPLES: Mapping[str, str] = {
    "import": "zkmargin import hyperliquid state.json -o portfolio.json",
    "check": f"zkmargin check portfolio.json {_OF}",
    "explain": 'zkmargin explain portfolio.json --what-if "ETH-PERP +5"',
    "prove": "zkmargin prove portfolio.json -c circuit --context 1 --out proof",
    "verify": f"zkmargin verify proof -c circuit {_OF}",
    "batch": "zkmargin batch accounts -c circuit --context 1 --out proofs",
    "verify-batch": "zkmargin verify-batch proofs/* -c circuit",
    "compile": "zkmargin compile parameters.json --statement sufficiency -o circuit",
    "setup": "zkmargin setup circuit --development",
    "ceremony": "zkmargin ceremony start together circuit --ptau powers.ptau",
    "ceremony start": "zkmargin ceremony start together circuit --ptau powers.ptau",
    "ceremony contribute": "zkmargin ceremony contribute together --name Ada",
    "ceremony beacon": "zkmargin ceremony beacon together 0x1f9d...",
    "ceremony verify": "zkmargin ceremony verify together",
    "ceremony finish": "zkmargin ceremony finish together",
    "stats": "zkmargin stats circuit --svg circuit.svg",
    "tables": "zkmargin tables market.json -p parameters.json",
    "rule": "zkmargin rule test my_rule.py",
    "rule test": "zkmargin rule test my_rule.py",
    "groth16": "zkmargin groth16 prove key.zkey witness.wtns proof.json public.json",
    "groth16 prove": "zkmargin groth16 prove key.zkey witness.wtns proof.json public.json",
    "groth16 verify": "zkmargin groth16 verify vkey.json public.json proof.json",
    "groth16 setup": "zkmargin groth16 setup circuit.r1cs key.zkey vkey.json --development",
    "groth16 check": "zkmargin groth16 check circuit.r1cs witness.wtns",
    "groth16 stats": "zkmargin groth16 stats circuit.r1cs",
    "groth16 simplify": "zkmargin groth16 simplify circuit.r1cs w.wtns small.r1cs small.wtns",
    "groth16 pysnark": "zkmargin groth16 pysnark program.py -o proof",
    "import hyperliquid": "zkmargin import hyperliquid state.json --spot spot.json -o portfolio.json",
    "import dydx": "zkmargin import dydx subaccount.json -o portfolio.json",
    "import aave": "zkmargin import aave reserves.json -o portfolio.json",
    "import derive": "zkmargin import derive subaccount.json -o portfolio.json",
    "import deribit": "zkmargin import deribit positions.json --summary summary.json -o portfolio.json",
    "import binance": "zkmargin import binance account.json -o portfolio.json",
    "import csv": "zkmargin import csv portfolio.csv -o portfolio.json",
    "import market": "zkmargin import market dydx markets.json -p parameters.json -o market.json",
    "demo": "zkmargin demo",
    "doctor": "zkmargin doctor",
}


class Grouped(TyperGroup):
    """Commands that answer with their help when none of them is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Take no command for a question."""
        return super().parse_args(ctx, args if set(args) - {"--json"} else ["--help"])


class ProductHelp(Grouped):
    """All commands of the product, in the groups above; whatever is in none of them comes last."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the groups, each with the example of its first command."""
        shown = {name: command for name, command in self.commands.items() if not command.hidden}
        grouped = {name for names in GROUPS.values() for name in names}
        rest = {name: each.get_short_help_str(40) for name, each in shown.items() if name not in grouped}
        wide = max(map(len, shown))
        for title, names in {**GROUPS, "Others": rest}.items():
            rows = [(name.ljust(wide), words) for name, words in names.items() if name in shown]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
                    first = next(iter(names))
                    if first in EXAMPLES:
                        formatter.write(_example(EXAMPLES[first], formatter.width, formatter.current_indent))
        with formatter.section("Defaults"):
            formatter.write_text(
                "-m, -p and -c may be left out where ZKMARGIN_MARKET, ZKMARGIN_PARAMETERS and ZKMARGIN_CIRCUIT say "
                "them, or market, parameters and circuit in a zkmargin.toml of this folder or one above it."
            )


def with_examples(app: typer.Typer, path: str = "") -> None:
    """Put each command's example under its help, below `app`, groups too."""
    for command in app.registered_commands:
        name = command.name or (command.callback.__name__.rstrip("_") if command.callback else "")
        command.epilog = _epilog(f"{path}{name}")
    for group in app.registered_groups:
        if group.typer_instance is not None:
            group.epilog = _epilog(f"{path}{group.name}")
            with_examples(group.typer_instance, f"{path}{group.name} ")


def _epilog(path: str) -> str | None:
    return f"Example:\n\n{EXAMPLES[path]}" if path in EXAMPLES else None


def _example(line: str, width: int, indent: int) -> str:
    """Return an example's line, broken where a shell would read it on."""
    room, lines = width - indent - 4, [""]
    for word in line.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) + 3 > room:
            lines.append("    " + word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return "".join(" " * (indent + 2) + text + (" \\" if text is not lines[-1] else "") + "\n" for text in lines)
