"""The development key: secrets that everyone knows, so that nobody takes its proofs for real.

The secrets are SHA-512 of the string below followed by a decimal counter (0 tau, 1 alpha, 2 beta, 3 delta), read
big-endian and reduced modulo R. So every development key has the same alpha point, and every loader can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha512

from .field import R
from .groth16_data import G1, VerifyingKey

__all__ = ["DEVELOPMENT_ALPHAS", "PHRASE", "DevelopmentSecrets", "development_secrets", "is_development_key"]

PHRASE = "zkmargin development key: anyone can forge"

DEVELOPMENT_ALPHAS: frozenset[G1] = frozenset(
    {
        (
            18116234756679322580371343721143328275505188177624342256582478130487515504207,
            2664549371771003716235701187711134607285939454235685234276967603907636909924,
        ),
    }
)
"""alpha · G1 of every development set-up there has ever been."""


@dataclass(frozen=True)
class DevelopmentSecrets:
    """What a set-up must forget, and this one publishes."""

    tau: int
    alpha: int
    beta: int
    delta: int


def development_secrets() -> DevelopmentSecrets:
    """Return the published secrets."""
    return DevelopmentSecrets(*(_secret(counter) for counter in range(4)))


def is_development_key(vk: VerifyingKey) -> bool:
    """Whether anyone can forge proofs under `vk` because its secrets are published."""
    return vk.alpha in DEVELOPMENT_ALPHAS


def _secret(counter: int) -> int:
    return int.from_bytes(sha512(f"{PHRASE}{counter}".encode()).digest(), "big") % R
