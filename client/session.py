"""The Python face: a venue's parameters and a compiled circuit, loaded once, for any number of checks and proofs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from ..circuits.model import BOX, CREDIT_BITS, Holdings, Level, Opening, Table
from ..kernel import Proof
from ..kernel.arguments import FLAG, PATH, TEXT, TEXTS, WHOLE, Kind, a, check, maybe, takes
from ..kernel.errors import DoesNotHold, FileError, InputError, MismatchError, ProofRejected, ZkmarginError
from ..kernel.logs import note
from ..prover.prove import Prover, decide
from ..verifier.check import CONTEXT_BITS, Demands, Verified, verify_statement
from ..verifier.keys import CircuitKey
from ..verifier.notebook import facts
from ..verifier.proof_files import ProofFiles, as_read, read_proof, write_proof
from ..verifier.receipt import Receipt, make_receipt, word
from ..verifier.statement_keys import JudgedKey, judge_key
from .files.frames import PORTFOLIO, PortfolioSource
from .files.loading import load_market, load_parameters
from .files.models import Market, Parameters
from .files.portfolio import Portfolio, to_holdings
from .files.tables import Tables, as_level, boxed_tables, level_tables, make_tables
from .secrets import writer
from .secrets.accounts import ACCOUNTS, AccountsSource, Failed, accounts_of, portfolio_of
from .secrets.openings import OwnerKey, alone, fresh_opening, load_owner, save_opening, save_owner
from .secrets.places import Secrets, Where

if TYPE_CHECKING:
    from .margin.compare import Comparison
    from .margin.explain import Explanation
    from .margin.report import MarginReport

__all__ = ["MarginProof", "Secrets", "Session", "Where", "check_singles", "demanded_tables"]

PathLike = str | Path

_MARKET = Kind(
    "a path that a file can have or a Market",
    lambda value: isinstance(value, Market) or PATH.fits(value),
)
_NAMES = Kind(
    "a mapping of texts to texts",
    lambda value: isinstance(value, Mapping) and all(map(TEXT.fits, (*value.keys(), *value.values()))),
)


@dataclass(frozen=True, repr=False)
class MarginProof:
    """A verified proof with everything it says in public; nothing in it is secret.

    `public` is in the manifest's order, `names` beside it; `receipt` says what was proved; `opening_file` is where the
    opening was written, if it was.
    """

    proof: Proof
    public: tuple[int, ...]
    names: tuple[str, ...]
    receipt: Receipt
    opening_file: Path | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Show the commitment only."""
        return f"MarginProof(commitment={self.public[0]:#x})"

    def _repr_html_(self) -> str:
        """Show what the receipt says, all of it public."""
        said = self.receipt
        return facts(
            "margin proof",
            {
                "statement": said.statement,
                "rule": said.rule,
                "margin": said.margin,
                "box": said.box,
                "round": said.round,
                "commitment": word(self.public[0]),
                "credit": said.credit,
                "context": said.context,
                "key": said.key_id,
            },
        )

    @takes(directory=PATH)
    def write(self, directory: PathLike) -> dict[str, str]:
        """Write `proof.json`, `public.json` and `receipt.json` as one folder that appears at once; return their paths.

        Raises FileError when the folder cannot be written or holds anything else.
        """
        return write_proof(Path(directory), self.proof, self.public, self.receipt)


class Session:
    """Check, prove and verify under one venue's parameters and one circuit.

    Portfolios are paths (JSON, CSV, openings), `Portfolio` objects, openings, or pandas or polars frames with the CSV's
    columns; markets are paths or `Market` objects. `box` names the class of a circuit that proves over a price box.
    Everything raises ZkmarginError only.
    """

    def __init__(
        self,
        parameters: Parameters,
        circuit: Path | None = None,
        owner: OwnerKey | None = None,
        box: str | None = None,
    ) -> None:
        """Keep loaded parameters, the circuit's folder and the owner's key; `load` takes paths. Raises InputError."""
        check("parameters", parameters, a("Parameters", Parameters))
        check("circuit", circuit, maybe(PATH))
        check("owner", owner, maybe(a("an OwnerKey", OwnerKey)))
        check("box", box, maybe(TEXT))
        self.parameters = parameters
        self.circuit = None if circuit is None else Path(circuit)
        self.owner = owner
        self.box = box
        self._judgements: dict[tuple[str | None, bool], JudgedKey] = {}

    @classmethod
    @takes(parameters=PATH, circuit=maybe(PATH), owner=maybe(PATH), box=maybe(TEXT))
    def load(
        cls,
        parameters: PathLike,
        circuit: PathLike | None = None,
        *,
        owner: PathLike | None = None,
        box: str | None = None,
    ) -> Session:
        """Load the parameter file; the circuit is loaded at the first proof or verification. Raises FileError."""
        key = None if owner is None else load_owner(Path(owner))
        return cls(load_parameters(Path(parameters)), None if circuit is None else Path(circuit), key, box)

    @cached_property
    def prover(self) -> Prover:
        """Return the circuit with its proving key. Raises FileError, FormatError, MismatchError."""
        prover = Prover.load(self._folder())
        self._fits(prover.circuit_key)
        return prover

    @cached_property
    def circuit_key(self) -> CircuitKey:
        """Return the circuit with its verifying key. Raises FileError, FormatError, MismatchError."""
        key = CircuitKey.load(self._folder())
        self._fits(key)
        return key

    @takes(market=_MARKET)
    def tables(self, market: PathLike | Market) -> Tables:
        """Return the tables of a market under the session's parameters. Raises FileError, InputError."""
        loaded = self.market(market)
        return make_tables(self.parameters, loaded, None if loaded is market else str(market), self._levels)

    @takes(tables=a("Tables", Tables), statement=TEXT)
    def stated(self, tables: Tables, statement: str) -> Tables:
        """Return the tables that a statement speaks of: the round's, or those of the session's box around it.

        Raises InputError when a box statement has no class, a plain one has, or there is no such class.
        """
        if (statement == BOX) is not (self.box is not None):
            which = "needs --box CLASS" if self.box is None else "proves at the round's prices, over no box"
            raise InputError(f"the circuit's statement is {statement}: it {which}", code="box")
        return tables if self.box is None else boxed_tables(self.parameters, tables, self.box)

    @takes(market=_MARKET)
    def market(self, market: PathLike | Market) -> Market:
        """Return a market read as the parameters' rule reads it. Raises FileError."""
        if isinstance(market, Market):
            return market
        return load_market(Path(market), self.parameters.rule, self.parameters.venue)

    @cached_property
    def _levels(self) -> tuple[Table, Table]:
        """Return the parameter tables, made once however many markets follow."""
        return level_tables(self.parameters)

    @takes(portfolio=PORTFOLIO, market=_MARKET)
    def check(
        self, portfolio: PortfolioSource, market: PathLike | Market, *, margin: Level = "maintenance"
    ) -> MarginReport:
        """Return the margin report of a portfolio. Raises FileError, InputError."""
        from .margin.report import margin_report

        tables = self.tables(market)
        holdings, known = self._held(portfolio, tables)
        return margin_report(self.parameters, tables, holdings, margin=margin, portfolio=known)

    @takes(portfolio=PORTFOLIO, market=_MARKET, what_if=TEXTS)
    def explain(
        self,
        portfolio: PortfolioSource,
        market: PathLike | Market,
        *,
        margin: Level = "maintenance",
        what_if: Sequence[str] = (),
    ) -> Explanation:
        """Return what makes up a portfolio's margin, how far it is from a breach, and what a proof would disclose.

        `what_if` are trades such as "ETH-PERP +5". Raises FileError, InputError.
        """
        from .margin.explain import explain

        tables, loaded = self.tables(market), self.market(market)
        holdings, known = self._held(portfolio, tables)
        return explain(self.parameters, tables, holdings, margin=margin, portfolio=known, trades=what_if, market=loaded)

    @takes(portfolio=PORTFOLIO, market=_MARKET, other_market=_MARKET, names=maybe(_NAMES), what_if=TEXTS)
    def compare(
        self,
        portfolio: PortfolioSource,
        market: PathLike | Market,
        other: Session,
        other_market: PathLike | Market,
        *,
        margin: Level = "maintenance",
        names: Mapping[str, str] | None = None,
        what_if: Sequence[str] = (),
    ) -> Comparison:
        """Return why another venue or rule asks another margin of the same portfolio, holding by holding, part by part.

        `names` says what an instrument or asset here is called there. Raises FileError, InputError.
        """
        from .margin.compare import compare, renamed

        check("other", other, a("a Session", Session))
        held = portfolio_of(portfolio)
        if isinstance(held, Opening):
            raise InputError("an opening is of one rule only: compare a portfolio", code="usage")
        here = self.explain(held, market, margin=margin, what_if=what_if)
        there = other.explain(renamed(held, names or {}), other_market, margin=margin)
        return compare(here, there, (self.parameters, other.parameters), names or {})

    @takes(portfolio=PORTFOLIO, market=_MARKET, context=WHOLE, credit=WHOLE, where=maybe(a("a Where", Where)))
    def prove(
        self,
        portfolio: PortfolioSource,
        market: PathLike | Market,
        *,
        context: int,
        credit: int = 0,
        margin: Level = "maintenance",
        where: Where | None = None,
    ) -> MarginProof:
        """Prove the circuit's statement of a portfolio, under fresh salt, or of an opening, under its own.

        `context` is below 2^248, `credit` in money units. A portfolio's opening is on disk before the proof is handed
        out: at `where`, by default beside a portfolio that is a file. Raises Insufficient or NotShort when the
        statement is false, with nothing written; InputError (code "no-place") for a portfolio that is no file without
        `where`, for its opening would be lost; FileError, InputError.
        """
        held = portfolio if isinstance(portfolio, str | Path) else portfolio_of(portfolio)
        if where is None and isinstance(held, Portfolio):
            raise InputError(
                "there is no place for the opening, without which nobody can prove anything of the account again",
                code="no-place",
                hint="where=Where(owner, opening), or prove_with_secrets",
            )
        return self.prove_with_secrets(held, market, context=context, credit=credit, margin=margin, where=where)[0]

    @takes(portfolio=PORTFOLIO, market=_MARKET, context=WHOLE, credit=WHOLE, where=maybe(a("a Where", Where)))
    def prove_with_secrets(
        self,
        portfolio: PortfolioSource,
        market: PathLike | Market,
        *,
        context: int,
        credit: int = 0,
        margin: Level = "maintenance",
        where: Where | None = None,
    ) -> tuple[MarginProof, Secrets]:
        """Prove as `prove` does and return opening and witness beside the proof, for the caller to keep.

        Of a portfolio that is no file nothing is written without `where`: the returned opening is the only one, and
        the session's `owner` the only key. Raises as `prove`.
        """
        start = perf_counter()
        check_singles(context, credit)
        prover, round_ = self.prover, self.tables(market)
        level = round_.parameters(margin)
        held = portfolio_of(portfolio)
        if isinstance(held, Opening):
            where, holdings = None, held.holdings
        else:
            where = Where.beside(Path(portfolio)) if where is None and isinstance(portfolio, str | Path) else where
            holdings = to_holdings(held, self.parameters, round_)
        tables = self.stated(round_, prover.manifest.statement)
        self.decide(tables, holdings, margin, credit)
        kept = contextlib.nullcontext(held) if isinstance(held, Opening) else self._opened(holdings, where)
        with kept as opening:
            read = 1e3 * (perf_counter() - start)
            proved = prover.prove(opening, tables.market, level, credit=credit, context=context)
        key, box = prover.circuit_key, self.box
        proof = MarginProof(
            proved.proof,
            proved.public,
            prover.manifest.public,
            make_receipt(key, proved.proof, proved.public, (tables.market, level), margin=margin, box=box),
            where.opening if where else None,
            {"read": read, **proved.timings_ms},
        )
        note(
            "info", "proved %s of %s, commitment %#x", prover.manifest.statement, self.parameters.rule, proof.public[0]
        )
        return proof, Secrets(opening, proved.witness)

    @takes(accounts=ACCOUNTS, market=_MARKET, context=WHOLE, credit=WHOLE, openings=maybe(PATH))
    def prove_many(
        self,
        accounts: AccountsSource,
        market: PathLike | Market,
        *,
        context: int,
        credit: int = 0,
        margin: Level = "maintenance",
        openings: PathLike | None = None,
    ) -> dict[str, MarginProof | ZkmarginError]:
        """Prove the circuit's statement of many accounts and return, by name, each one's proof or what is wrong.

        `accounts` are a folder of portfolio files, a CSV or a frame with a column `account`, or portfolios by name. An
        account that is wrong is so alone: its error is returned, not raised. Each opening is on disk, in the folder
        `openings`, before its account's proof is made known; by default beside a folder's portfolios and in
        NAME-openings beside a CSV. `batch` proves on more than one machine, and goes on from where it stopped.

        Raises InputError (code "no-place") for a frame or mapping without `openings`; FileError, InputError for what
        is wrong with all of them.
        """
        check_singles(context, credit)
        level, prover, folder = as_level(margin), self.prover, None if openings is None else Path(openings)
        self.stated(self.tables(market), prover.manifest.statement)
        read = self.market(market)
        results: dict[str, MarginProof | ZkmarginError] = {}
        for account in accounts_of(accounts, folder):
            if isinstance(account, Failed):
                results[account.name] = InputError(account.message, code=account.code)
                continue
            try:
                _make_folder(account.where.opening.parent)
                held = account.load()
                results[account.name] = self.prove(
                    held, read, context=context, credit=credit, margin=level, where=account.where
                )
            except ZkmarginError as error:
                results[account.name] = error
        wrong = sum(isinstance(result, ZkmarginError) for result in results.values())
        note("info", "proved %d of %d accounts", len(results) - wrong, len(results))
        return results

    @takes(market=maybe(_MARKET))
    def verify(
        self,
        proof: MarginProof | PathLike,
        market: PathLike | Market | None = None,
        *,
        margin: Level | None = None,
        credit: int = 0,
        commitment: int | None = None,
        context: int | None = None,
        key_id: str | None = None,
        allow_development: bool = False,
    ) -> bool:
        """Whether a proof, or the proof in a folder, holds and says what is demanded: `verified` without its words.

        The statement is the circuit's. One word cannot say that it is only claimed: raises MismatchError (code
        "only-claimed") when nothing ties the key to it, and what `verified` raises, ProofRejected apart.
        """
        try:
            said = self.verified(
                proof,
                market,
                margin=margin,
                credit=credit,
                commitment=commitment,
                context=context,
                key_id=key_id,
                allow_development=allow_development,
            )
        except ProofRejected:
            return False
        if not said.tied:
            raise MismatchError(
                f"nothing ties the key to {said.statement}, which its folder claims",
                code="only-claimed",
                file=str(self.circuit),
                hint="key_id=..., the transcript beside the key, or verified()",
            )
        return True

    @takes(
        market=maybe(_MARKET),
        credit=WHOLE,
        commitment=maybe(WHOLE),
        context=maybe(WHOLE),
        key_id=maybe(TEXT),
        allow_development=FLAG,
    )
    def verified(
        self,
        proof: MarginProof | PathLike,
        market: PathLike | Market | None = None,
        *,
        margin: Level | None = None,
        credit: int = 0,
        commitment: int | None = None,
        context: int | None = None,
        key_id: str | None = None,
        allow_development: bool = False,
    ) -> Verified:
        """Return what a proof, or the proof in a folder, says; nothing of the proof is taken for what is demanded.

        With a market the proof must be about exactly its prices and the session's parameters at `margin` (maintenance
        if not said); without one the prover chose the prices. The credit must be exactly `credit`. `key_id` is the id
        by which you know this statement's key. Development keys are refused unless `allow_development`.

        Raises ProofRejected, whose code says why; MismatchError when the key is shown not to be the statement's;
        FileError, InputError.
        """
        judged = self._judged(key_id, allow_development=allow_development)
        demands = Demands(credit=credit, commitment=commitment, context=context)
        if market is not None:
            demands = self.demanded(market, margin="maintenance" if margin is None else margin, demands=demands)
        elif margin is not None:
            raise InputError("a level is demanded together with a market", code="usage")
        files = _read(proof)
        try:
            said = verify_statement(judged, files.public, files.proof, demands, files.receipt)
        except ProofRejected as error:
            note("info", "refused a proof: %s", error.code)
            raise
        note("info", "verified %s of %s, commitment %#x", said.statement, said.rule, said.commitment)
        return said

    @takes(market=_MARKET, demands=a("Demands", Demands))
    def demanded(self, market: PathLike | Market, *, margin: Level, demands: Demands = Demands()) -> Demands:  # noqa: B008
        """Return demands with the tables of a market and one level of the parameters. Raises FileError, InputError."""
        made = self.stated(self.tables(market), self.circuit_key.manifest.statement)
        return replace(demands, tables=(made.market, made.parameters(margin)), margin=margin, box=self.box)

    def _judged(self, key_id: str | None, *, allow_development: bool) -> JudgedKey:
        """Return the session's key, judged once however many proofs follow."""
        asked = (key_id, allow_development)
        if asked not in self._judgements:
            self._judgements[asked] = judge_key(self.circuit_key, allow_development=allow_development, key_id=key_id)
        return self._judgements[asked]

    @contextlib.contextmanager
    def _opened(self, holdings: Holdings, where: Where | None) -> Iterator[Opening]:
        """Give an opening of the holdings, which is on disk when the block is left, however it is left.

        The disk and the prover work at the same time. Raises FileError on leaving when it could not be written.
        """
        if where is None:
            self.owner = self.owner or OwnerKey.draw()
            yield fresh_opening(holdings, self.owner)
            return
        with contextlib.ExitStack() as held:
            held.enter_context(alone(where.owner, where.opening))
            owner, drawn = (self.owner, False) if self.owner else where.owner_key()
            opening = fresh_opening(holdings, owner)

            def write(until_written: contextlib.ExitStack = held.pop_all()) -> None:  # noqa: B008 - taken over here
                with until_written:
                    if drawn:
                        save_owner(where.owner, owner)
                    save_opening(where.opening, opening)

            with writer.meanwhile(write):
                yield opening

    @takes(tables=a("Tables", Tables), holdings=a("Holdings", Holdings), credit=WHOLE)
    def decide(self, tables: Tables, holdings: Holdings, margin: str, credit: int) -> None:
        """Raise Insufficient or NotShort, before anything is written, when there is nothing to prove."""
        level = tables.parameters(margin)
        try:
            decide(self.prover.manifest, holdings, tables.market, level, credit=credit)
        except DoesNotHold as error:
            note("info", "the statement is false: %s", error.code)
            raise

    def _held(self, portfolio: PortfolioSource, tables: Tables) -> tuple[Holdings, Portfolio | None]:
        """Return the holdings, and the portfolio they come from unless it is an opening."""
        held = portfolio_of(portfolio)
        if isinstance(held, Opening):
            tables.schema.fit(held.holdings)
            return held.holdings, None
        return to_holdings(held, self.parameters, tables), held

    def _folder(self) -> Path:
        if self.circuit is None:
            raise InputError("the session has no circuit", code="no-circuit", hint="Session.load(..., circuit=FOLDER)")
        return self.circuit

    def _fits(self, key: CircuitKey) -> None:
        wanted = self.parameters.slots
        if key.manifest.rule != self.parameters.rule or key.manifest.shape != wanted:
            raise MismatchError(
                "the circuit was compiled for another rule or shape than the parameters'",
                code="circuit-mismatch",
                file=str(key.manifest.directory),
            )


def _read(proof: MarginProof | PathLike) -> ProofFiles:
    if isinstance(proof, MarginProof):
        return as_read(proof.proof, proof.public, proof.receipt)
    if PATH.fits(proof):
        return read_proof(Path(proof))
    raise InputError("a proof is what `prove` returned, or the folder of one")


def _make_folder(folder: Path) -> None:
    """Make a folder for openings, which its owner alone reads. Raises FileError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(
            f"the openings' folder cannot be made: {error.strerror}", code="unwritable", file=str(folder)
        ) from None


@takes(context=WHOLE, credit=WHOLE)
def check_singles(context: int, credit: int) -> None:
    """Raise InputError when a statement's single inputs are out of their range."""
    if not 0 <= context < 1 << CONTEXT_BITS:
        raise InputError(f"the context must be below 2^{CONTEXT_BITS}", code="out-of-range")
    if not 0 <= credit < 1 << CREDIT_BITS:
        raise InputError(f"the credit must be below 2^{CREDIT_BITS} money units", code="out-of-range")


def demanded_tables(
    circuit: Path,
    market: Path | None,
    parameters: Path | None,
    margin: str | None,
    box: str | None = None,
    *,
    demands: Demands = Demands(),  # noqa: B008 - frozen
) -> Demands:
    """Return a verifier's demands with the tables of its files, as they are when no files are given.

    Raises InputError (code "usage") when only one file is given, or a level or box without any; MismatchError when they
    are of another shape than the circuit's, FileError.
    """
    if (market is None) != (parameters is None):
        raise InputError("--market and --parameters are given together or not at all", code="usage")
    if market is None or parameters is None:
        if box is not None or margin is not None:
            option = "--box" if box is not None else "--margin"
            raise InputError(f"{option} goes with --market and --parameters", code="usage")
        return demands
    return Session.load(parameters, circuit, box=box).demanded(
        market, margin="maintenance" if margin is None else as_level(margin), demands=demands
    )
