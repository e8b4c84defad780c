"""Every error of zkmargin, one tree.

ZkmarginError
├── DoesNotHold              exit 1: the statement is false, or a proof is refused
│   ├── Insufficient         the margin is not met
│   ├── NotShort             there is no shortfall to prove
│   ├── Unsatisfied          a witness breaks a constraint
│   ├── ProofRejected        a verifier said no
│   └── CeremonyRejected     a key is not what its ceremony made of it
├── InputError               exit 2: what was handed in cannot be used
│   ├── FileError            a file cannot be read, or does not say what it should
│   ├── FormatError          a binary file (.r1cs, .wtns, .zkey) or a key is malformed
│   ├── MismatchError        two good files do not belong together
│   └── RuleError            a rule or schema cannot be compiled soundly
├── EnvironmentFault         exit 2: a tool, library or kernel is missing
│   └── ChainFault           a chain or its node did not do what it was asked (`zkmargin.contracts.faults`)
└── ContractError            a contract refused; one subclass a Solidity error (`zkmargin.contracts`)
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "CeremonyRejected",
    "ContractError",
    "DoesNotHold",
    "EnvironmentFault",
    "FalseStatement",
    "FileError",
    "FormatError",
    "InputError",
    "Insufficient",
    "MismatchError",
    "NotShort",
    "ProofRejected",
    "RuleError",
    "Unsatisfied",
    "ZkmarginError",
]


class ZkmarginError(Exception):
    """The base of every error raised on purpose: one sentence, and where to look.

    `code` is a stable kebab-case word for machines; `file`, `line` and `hint` are None when unknown.
    A message never carries a holding, a salt or a witness value. `wanted` may: it is what to write instead of an amount
    that cannot be read, and is shown to a person at a terminal only.
    """

    code = "error"
    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        file: str | None = None,
        line: int | None = None,
        hint: str | None = None,
        wanted: str | None = None,
    ) -> None:
        """Keep the sentence and its place."""
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.file = file
        self.line = line
        self.hint = hint
        self.wanted = wanted

    def as_json(self) -> dict[str, Any]:
        """Return the `error` object of the commands' JSON, without absent keys."""
        fields = {
            "code": self.code,
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "hint": self.hint,
        }
        return {key: value for key, value in fields.items() if value is not None}


class DoesNotHold(ZkmarginError):
    """The statement is false or the proof is refused: an answer, not a fault."""

    code = "does-not-hold"
    exit_code = 1


class FalseStatement(DoesNotHold):
    """There is nothing to prove. `surplus_units` is the surplus in the rule's smallest unit."""

    def __init__(self, message: str, *, surplus_units: int) -> None:
        """Keep the surplus for those who may see it."""
        super().__init__(message)
        self.surplus_units = surplus_units


class Insufficient(FalseStatement):
    """The margin is not met: there is no sufficiency proof."""

    code = "insufficient"


class NotShort(FalseStatement):
    """The margin is met: there is no shortfall proof."""

    code = "not-short"


class Unsatisfied(DoesNotHold):
    """A witness does not satisfy the circuit."""

    code = "unsatisfied"


class ProofRejected(DoesNotHold):
    """A verifier refused a proof."""

    code = "proof-rejected"


class CeremonyRejected(DoesNotHold):
    """A ceremony's keys or transcript were changed."""

    code = "ceremony-rejected"


class InputError(ZkmarginError):
    """What was handed in cannot be used."""

    code = "bad-input"


class FileError(InputError):
    """A file cannot be read, or does not say what it should."""

    code = "bad-file"


class FormatError(InputError):
    """A binary file or a key is malformed."""

    code = "bad-format"


class MismatchError(InputError):
    """Two good files do not belong together."""

    code = "mismatch"


class RuleError(InputError):
    """A rule or schema cannot be compiled soundly."""

    code = "rule"


class EnvironmentFault(ZkmarginError):
    """A tool, a library or the kernel is missing."""

    code = "environment"


class ContractError(ZkmarginError):
    """A contract refused a transaction."""

    code = "contract-refused"
