"""The face of zkmargin: files, session, command line, chains, demo."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..circuits.model import Level
    from .files.frames import Frame, PortfolioSource
    from .files.loading import load_market, load_parameters
    from .files.models import Market, Parameters
    from .files.portfolio import Portfolio, load_portfolio
    from .files.tables import Tables, make_tables
    from .margin.report import Leg, MarginReport
    from .secrets.places import Secrets, Where
    from .session import MarginProof, Session

    __version__: str

_HOMES = {
    "Frame": "files.frames",
    "Leg": "margin.report",
    "Level": ".circuits.model",
    "MarginProof": "session",
    "MarginReport": "margin.report",
    "Market": "files.models",
    "Parameters": "files.models",
    "Portfolio": "files.portfolio",
    "PortfolioSource": "files.frames",
    "Secrets": "secrets.places",
    "Session": "session",
    "Tables": "files.tables",
    "Where": "secrets.places",
    "load_market": "files.loading",
    "load_parameters": "files.loading",
    "load_portfolio": "files.portfolio",
    "make_tables": "files.tables",
}

__all__ = [
    "Frame",
    "Leg",
    "Level",
    "MarginProof",
    "MarginReport",
    "Market",
    "Parameters",
    "Portfolio",
    "PortfolioSource",
    "Secrets",
    "Session",
    "Tables",
    "Where",
    "load_market",
    "load_parameters",
    "load_portfolio",
    "make_tables",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import a public name from its home when it is first asked for, so that each command loads only what it uses."""
    if name == "__version__":
        from importlib.metadata import version

        return version("zkmargin")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
