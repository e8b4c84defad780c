"""Where what must never be lost is kept, and how it is handed to a caller who keeps it himself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...circuits.model import Opening
from ...kernel.arguments import FLAG, PATH, check, maybe, takes
from ...kernel.errors import InputError
from .openings import OwnerKey, load_owner

__all__ = ["Secrets", "Where"]


@dataclass(frozen=True)
class Where:
    """Where the secrets of a proof are kept: the owner's key and the opening, beside the portfolio unless said."""

    owner: Path
    opening: Path

    def __post_init__(self) -> None:
        """Take texts as paths, too. Raises InputError for what is neither."""
        for name in ("owner", "opening"):
            check(f"the place of the {name}", getattr(self, name), PATH)
            object.__setattr__(self, name, Path(getattr(self, name)))

    @classmethod
    @takes(portfolio=PATH, owner=maybe(PATH), opening=maybe(PATH))
    def beside(
        cls, portfolio: str | Path, *, owner: str | Path | None = None, opening: str | Path | None = None
    ) -> Where:
        """Return the default places, or the given ones. Raises InputError."""
        portfolio = Path(portfolio)
        if not portfolio.name:
            raise InputError("the portfolio's path names no file", code="wrong-type")
        owner = None if owner is None else Path(owner)
        opening = None if opening is None else Path(opening)
        opening = opening or portfolio.with_name(f"{portfolio.stem}.opening.json")
        folder = opening.parent if opening.is_file() or not opening.exists() else portfolio.parent
        return cls(owner or folder / f"{portfolio.stem}.owner.json", opening)

    @takes(needed=FLAG)
    def owner_key(self, *, needed: bool = False) -> tuple[OwnerKey, bool]:
        """Return the owner's key and whether it was drawn now, not yet written. `needed`: it must exist."""
        if needed or self.owner.exists():
            return load_owner(self.owner), False
        return OwnerKey.draw(), True


@dataclass(frozen=True, repr=False)
class Secrets:
    """What a proof was made from. The opening is the only way back into the account; the witness tells all of it."""

    opening: Opening
    witness: bytes

    def __repr__(self) -> str:
        """Keep them out of logs and tracebacks."""
        return "Secrets(…)"
