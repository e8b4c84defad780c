"""Where what must never be lost is kept, and how it is handed to a caller who keeps it himself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...circuits.model import Opening
from .openings import OwnerKey, load_owner

__all__ = ["Secrets", "Where"]


@dataclass(frozen=True)
class Where:
    """Where the secrets of a proof are kept: the owner's key and the opening, beside the portfolio unless said."""

    owner: Path
    opening: Path

    @classmethod
    def beside(cls, portfolio: Path, *, owner: Path | None = None, opening: Path | None = None) -> Where:
        """Return the default places, or the given ones."""
        opening = opening or portfolio.with_name(f"{portfolio.stem}.opening.json")
        folder = opening.parent if opening.is_file() or not opening.exists() else portfolio.parent
        return cls(owner or folder / f"{portfolio.stem}.owner.json", opening)

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
