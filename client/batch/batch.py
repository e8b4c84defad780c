"""Proving many accounts under one key and one market: openings first, proofs as they come, nothing done twice.

Here, beside the user's files, portfolios are read, decided and opened; workers (`workers`, `cluster`) see
openings and the public tables, and give proofs back. An account that fails does not stop the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...circuits.model import Holdings, Opening, Table
from ...circuits.statements.commitment import commit
from ...kernel import Proof
from ...kernel.errors import InputError, ZkmarginError
from ...verifier.check import Demands, verify_statement
from ...verifier.proof_files import PROOF, check_proof_folder, read_proof, write_proof
from ...verifier.receipt import make_receipt
from ...verifier.statement_keys import JudgedKey
from ..files.models import Market
from ..files.portfolio import to_holdings
from ..secrets.accounts import Account, Failed, accounts_in
from ..secrets.openings import alone, fresh_opening, load_opening, save_opening, save_owner
from ..session import Session, check_singles

__all__ = ["Account", "Batch", "Done", "Failed", "Kept", "Result", "Statement", "Workers", "accounts_in"]

ATTEMPTS = 3
"""How often an account is given to a worker: the first time, and again when the worker died with it."""


@dataclass(frozen=True)
class Statement:
    """What all accounts of a batch are proved at, all of it public."""

    market: Table
    parameters: Table
    credit: int
    context: int


@dataclass(frozen=True)
class Done:
    """A verified proof of one account."""

    name: str
    proof: Proof
    public: tuple[int, ...]


@dataclass(frozen=True)
class Kept:
    """An account whose proof of this very statement was there already."""

    name: str


Result = Done | Kept | Failed


class Workers(Protocol):
    """Those who prove. Used from one thread."""

    def room(self) -> bool:
        """Whether another account may be given out now: enough are waiting otherwise."""

    def give(self, name: str, opening: Opening) -> None:
        """Give out an account."""

    def take(self) -> list[Done | Failed]:
        """Wait for at least one account given out and return all that came back; none when none is out."""


class Batch:
    """One statement for many accounts, their proofs going to a folder of their own each under `out`."""

    def __init__(
        self, session: Session, market: Path | Market, out: Path, *, context: int, credit: int = 0, margin: str
    ) -> None:
        """Load the circuit and make the tables, once for all. Raises FileError, InputError, MismatchError."""
        check_singles(context, credit)
        self.session = session
        self.out = out
        self.tables = session.tables(market)
        self.stated = session.stated(self.tables, session.circuit_key.manifest.statement)
        self.statement = Statement(self.stated.market, self.stated.parameters(margin), credit, context)
        self.margin = margin
        # Whose proofs these are need not ask whether their key may be believed.
        self._own_key = JudgedKey(session.circuit_key, tied=False)

    def run(self, accounts: list[Account | Failed], workers: Workers) -> Iterator[Result]:
        """Yield every account's result once it is on disk. What was yielded stays when the caller stops early."""
        for account in accounts:
            if isinstance(account, Failed):
                yield account
                continue
            while not workers.room():
                yield from map(self._written, workers.take())
            opened = self._opened(account)
            if isinstance(opened, Opening):
                workers.give(account.name, opened)
            else:
                yield opened
        while results := workers.take():
            yield from map(self._written, results)

    def _opened(self, account: Account) -> Opening | Kept | Failed:
        """Read and decide an account, and write its opening, unless its proof is there."""
        try:
            self._outside(account)
            check_proof_folder(self.out / account.name)
            holdings = to_holdings(account.load(), self.session.parameters, self.tables)
            if self._is_done(account, holdings):
                return Kept(account.name)
            self.session.decide(self.stated, holdings, self.margin, self.statement.credit)
            account.where.opening.parent.mkdir(parents=True, exist_ok=True)
            with alone(account.where.owner, account.where.opening):
                owner, drawn = (self.session.owner, False) if self.session.owner else account.where.owner_key()
                opening = fresh_opening(holdings, owner)
                if drawn:
                    save_owner(account.where.owner, owner)
                save_opening(account.where.opening, opening)
        except ZkmarginError as error:
            return Failed.of(account.name, error)
        except OSError as error:
            return Failed(account.name, "unwritable", f"its opening cannot be written: {error.strerror}")
        return opening

    def _outside(self, account: Account) -> None:
        if account.where.opening.resolve().is_relative_to(self.out.resolve()):
            raise InputError(
                "openings are secret and must not stand in the proofs' folder",
                code="secret-beside-proof",
                hint="choose another place with --openings",
            )

    def _is_done(self, account: Account, holdings: Holdings) -> bool:
        """Whether a valid proof of this statement about these holdings is there, and its opening too."""
        folder = self.out / account.name
        if not (folder / PROOF).exists():
            return False
        stated = self.statement
        try:
            opening = load_opening(account.where.opening)
            files = read_proof(folder)
            if opening.holdings != holdings or files.receipt is None:
                return False
            demands = Demands(
                (stated.market, stated.parameters),
                self.margin,
                self.session.box,
                stated.credit,
                commit(self.tables.schema, opening),
                stated.context,
            )
            verify_statement(self._own_key, files.public, files.proof, demands, files.receipt)
        except ZkmarginError:
            return False
        return True

    def _written(self, result: Done | Failed) -> Done | Failed:
        """Write a proof's folder, which appears at once; a proof that could not be written is a failure."""
        if isinstance(result, Failed):
            return result
        tables = (self.statement.market, self.statement.parameters)
        key, box = self.session.circuit_key, self.session.box
        try:
            receipt = make_receipt(key, result.proof, result.public, tables, margin=self.margin, box=box)
            write_proof(self.out / result.name, result.proof, result.public, receipt)
        except ZkmarginError as error:
            return Failed.of(result.name, error)
        return result
