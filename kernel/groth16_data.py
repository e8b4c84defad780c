"""Groth16's verifying key and proof as plain integers, with the JSON of snarkjs.

A G1 point is (x, y), a G2 point ((x0, x1), (y0, y1)) with x = x0 + x1·u; none of them may be infinity here.
A `VerifyingKey` cannot be made with a point off its curve or points that let anyone forge; whether G2 points are
in the prime subgroup is for the kernel to say. A `Proof` holds whatever was claimed until it is verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import FormatError
from .field import Q

__all__ = ["G1", "G2", "G2_GENERATOR", "Proof", "VerifyingKey"]

G1 = tuple[int, int]
G2 = tuple[tuple[int, int], tuple[int, int]]

G2_GENERATOR: G2 = (
    (
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
    ),
    (
        8495653923123431417604973247489272438418190587263600148770280649306958101930,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
    ),
)

_KEY_FIELDS = {
    "protocol",
    "curve",
    "nPublic",
    "vk_alpha_1",
    "vk_beta_2",
    "vk_gamma_2",
    "vk_delta_2",
    "vk_alphabeta_12",
    "IC",
}
_PROOF_FIELDS = {"protocol", "curve", "pi_a", "pi_b", "pi_c"}


@dataclass(frozen=True)
class VerifyingKey:
    """A verifying key. `ic` holds one point for the constant 1, then one a public input.

    `alpha_beta` are the twelve coordinates of e(alpha, beta) in the order of snarkjs' `vk_alphabeta_12`: kept for
    other readers of the JSON, never trusted here. Raises FormatError when made from impossible points.
    """

    alpha: G1
    beta: G2
    gamma: G2
    delta: G2
    ic: tuple[G1, ...]
    alpha_beta: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse what no honest key holds."""
        for point in (self.alpha, *self.ic):
            _check_g1(point)
        for g2_point in (self.beta, self.gamma, self.delta):
            _check_g2(g2_point)
        if not self.ic:
            raise FormatError("the key has no input points (IC)", code="key-infinity")
        # Two points of the subgroup with one x are equal or opposite.
        if self.delta[0] in (self.gamma[0], G2_GENERATOR[0]):
            raise FormatError(
                "the key's delta is its gamma or the generator, up to sign: no one contributed to it, "
                "anyone can forge its proofs",
                code="key-uncontributed",
            )
        if self.beta[0] in (self.gamma[0], self.delta[0]):
            raise FormatError(
                "the key's beta is its gamma or delta, up to sign: anyone can forge its proofs", code="key-related"
            )
        if len(self.alpha_beta) != 12 or not all(0 <= value < Q for value in self.alpha_beta):
            raise FormatError("the key's vk_alphabeta_12 does not hold twelve field elements", code="key-not-canonical")

    @property
    def n_public(self) -> int:
        """How many public inputs a proof under this key has."""
        return len(self.ic) - 1

    def as_json(self) -> dict[str, Any]:
        """Return the content of snarkjs' `verification_key.json`."""
        pairs = [[str(self.alpha_beta[i]), str(self.alpha_beta[i + 1])] for i in range(0, 12, 2)]
        return {
            "protocol": "groth16",
            "curve": "bn128",
            "nPublic": self.n_public,
            "vk_alpha_1": _g1_json(self.alpha),
            "vk_beta_2": _g2_json(self.beta),
            "vk_gamma_2": _g2_json(self.gamma),
            "vk_delta_2": _g2_json(self.delta),
            "vk_alphabeta_12": [pairs[:3], pairs[3:]],
            "IC": [_g1_json(point) for point in self.ic],
        }

    @classmethod
    def from_json(cls, content: object) -> VerifyingKey:
        """Read a `verification_key.json`; raises FormatError, a sentence saying what is wrong."""
        what = "the verifying key"
        fields = _fields(content, _KEY_FIELDS, what)
        ic = tuple(_g1(point, what) for point in _items(fields["IC"], None, what))
        if fields["nPublic"] != len(ic) - 1 or isinstance(fields["nPublic"], bool):
            raise FormatError(f"{what} has {len(ic)} input points, which does not fit its nPublic", code="key-count")
        return cls(
            alpha=_g1(fields["vk_alpha_1"], what),
            beta=_g2(fields["vk_beta_2"], what),
            gamma=_g2(fields["vk_gamma_2"], what),
            delta=_g2(fields["vk_delta_2"], what),
            ic=ic,
            alpha_beta=tuple(
                _number(value, what)
                for half in _items(fields["vk_alphabeta_12"], 2, what)
                for pair in _items(half, 3, what)
                for value in _items(pair, 2, what)
            ),
        )


@dataclass(frozen=True)
class Proof:
    """A Groth16 proof: A and C in G1, B in G2."""

    a: G1
    b: G2
    c: G1

    def as_json(self) -> dict[str, Any]:
        """Return the content of snarkjs' `proof.json`."""
        return {
            "pi_a": _g1_json(self.a),
            "pi_b": _g2_json(self.b),
            "pi_c": _g1_json(self.c),
            "protocol": "groth16",
            "curve": "bn128",
        }

    @classmethod
    def from_json(cls, content: object) -> Proof:
        """Read a `proof.json`; raises FormatError when it is no proof or a coordinate is not canonical."""
        what = "the proof"
        fields = _fields(content, _PROOF_FIELDS, what)
        proof = cls(a=_g1(fields["pi_a"], what), b=_g2(fields["pi_b"], what), c=_g1(fields["pi_c"], what))
        proof.check_canonical()
        return proof

    def check_canonical(self) -> None:
        """Raise FormatError unless every coordinate is one of a field element's 32-byte words."""
        if not all(0 <= value < Q for value in (*self.a, *self.b[0], *self.b[1], *self.c)):
            raise FormatError("a coordinate of the proof is not below the modulus", code="proof-not-canonical")


def _check_g1(point: G1) -> None:
    x, y = point
    if not (0 <= x < Q and 0 <= y < Q):
        raise FormatError("a coordinate of the key is not below the modulus", code="key-not-canonical")
    if (y * y - x * x * x - 3) % Q:
        _refuse_off_curve(x == y == 0)


def _check_g2(point: G2) -> None:
    (x0, x1), (y0, y1) = point
    if not all(0 <= value < Q for value in (x0, x1, y0, y1)):
        raise FormatError("a coordinate of the key is not below the modulus", code="key-not-canonical")
    # y² = x³ + 3/(9 + u), multiplied by 9 + u; u² = −1.
    cube0, cube1 = x0 * (x0 * x0 - 3 * x1 * x1), x1 * (3 * x0 * x0 - x1 * x1)
    d0, d1 = y0 * y0 - y1 * y1 - cube0, 2 * y0 * y1 - cube1
    if (9 * d0 - d1 - 3) % Q or (9 * d1 + d0) % Q:
        _refuse_off_curve(x0 == x1 == y0 == y1 == 0)


def _refuse_off_curve(infinity: bool) -> None:
    if infinity:
        raise FormatError("a point of the key is at infinity", code="key-infinity")
    raise FormatError("a point of the key is not on its curve", code="key-off-curve")


def _g1_json(point: G1) -> list[str]:
    return [str(point[0]), str(point[1]), "1"]


def _g2_json(point: G2) -> list[list[str]]:
    return [[str(value) for value in point[0]], [str(value) for value in point[1]], ["1", "0"]]


def _fields(content: object, names: set[str], what: str) -> Mapping[str, Any]:
    if not isinstance(content, Mapping) or set(content) != names:
        raise FormatError(f"{what} does not have exactly the fields {', '.join(sorted(names))}")
    if content["protocol"] != "groth16" or content["curve"] != "bn128":
        raise FormatError(f"{what} is not of Groth16 over bn128")
    return content


def _items(value: object, count: int | None, what: str) -> list[Any]:
    if not isinstance(value, list) or (count is not None and len(value) != count):
        raise FormatError(f"{what} has a list of the wrong length")
    return value


def _number(value: object, what: str) -> int:
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or len(value) > 80:
        raise FormatError(f"{what} has a coordinate that is not a decimal string")
    if len(value) > 1 and value[0] == "0":
        raise FormatError(f"{what} has a coordinate with leading zeros")
    return int(value)


def _g1(value: object, what: str) -> G1:
    x, y, z = _items(value, 3, what)
    if z != "1":
        raise FormatError(f"{what} has a point that is not affine, or at infinity")
    return _number(x, what), _number(y, what)


def _g2(value: object, what: str) -> G2:
    x, y, z = _items(value, 3, what)
    if z != ["1", "0"]:
        raise FormatError(f"{what} has a point that is not affine, or at infinity")
    x0, x1 = (_number(part, what) for part in _items(x, 2, what))
    y0, y1 = (_number(part, what) for part in _items(y, 2, what))
    return (x0, x1), (y0, y1)
