"""Groth16's verifying key and proof as plain integers, with the JSON of snarkjs.

A G1 point is (x, y), a G2 point ((x0, x1), (y0, y1)) with x = x0 + x1·u; none of them may be infinity here.
A `VerifyingKey` cannot be made with a point off its curve or points that let anyone forge; whether G2 points are
in the prime subgroup is for the kernel to say. A `Proof` holds whatever was claimed until it is verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .decimal_strings import decimal_string
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

# What a verifier computes with, and what only some tools write: rapidsnark names no curve, exporters leave out e(alpha,
# beta), which nobody trusts.
_LABELS = {"protocol", "curve"}
_KEY_POINTS = {"vk_alpha_1", "vk_beta_2", "vk_gamma_2", "vk_delta_2", "IC"}
_KEY_EXTRAS = _LABELS | {"nPublic", "vk_alphabeta_12"}
_PROOF_POINTS = {"pi_a", "pi_b", "pi_c"}
_CURVES = {"BN128", "BN254", "ALTBN128"}  # as ffjavascript knows it, letters and digits alone


@dataclass(frozen=True)
class VerifyingKey:
    """A verifying key. `ic` holds one point for the constant 1, then one a public input.

    `alpha_beta` are the twelve coordinates of e(alpha, beta) in the order of snarkjs' `vk_alphabeta_12`, or none where
    the key's file had none: kept for other readers of the JSON, never trusted here and no part of what makes two keys
    equal. Raises FormatError when made from impossible points.
    """

    alpha: G1
    beta: G2
    gamma: G2
    delta: G2
    ic: tuple[G1, ...]
    alpha_beta: tuple[int, ...] = field(default=(), compare=False)

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
        if len(self.alpha_beta) not in (0, 12) or not all(0 <= value < Q for value in self.alpha_beta):
            raise FormatError("the key's vk_alphabeta_12 does not hold twelve field elements", code="key-not-canonical")

    @property
    def n_public(self) -> int:
        """How many public inputs a proof under this key has."""
        return len(self.ic) - 1

    def as_json(self) -> dict[str, Any]:
        """Return the content of snarkjs' `verification_key.json`."""
        pairs = [[str(low), str(high)] for low, high in zip(self.alpha_beta[::2], self.alpha_beta[1::2], strict=True)]
        return {
            "protocol": "groth16",
            "curve": "bn128",
            "nPublic": self.n_public,
            "vk_alpha_1": _g1_json(self.alpha),
            "vk_beta_2": _g2_json(self.beta),
            "vk_gamma_2": _g2_json(self.gamma),
            "vk_delta_2": _g2_json(self.delta),
            **({"vk_alphabeta_12": [pairs[:3], pairs[3:]]} if pairs else {}),
            "IC": [_g1_json(point) for point in self.ic],
        }

    @classmethod
    def from_json(cls, content: object) -> VerifyingKey:
        """Read a `verification_key.json`, with or without what only some tools write; raises FormatError."""
        what = "the verifying key"
        fields = _fields(content, _KEY_POINTS, _KEY_EXTRAS, what)
        ic = tuple(_g1(point, what) for point in _items(fields["IC"], None, what))
        n_public = fields.get("nPublic", len(ic) - 1)
        if n_public != len(ic) - 1 or not isinstance(n_public, int) or isinstance(n_public, bool):
            raise FormatError(f"{what} has {len(ic)} input points, which does not fit its nPublic", code="key-count")
        return cls(
            alpha=_g1(fields["vk_alpha_1"], what),
            beta=_g2(fields["vk_beta_2"], what),
            gamma=_g2(fields["vk_gamma_2"], what),
            delta=_g2(fields["vk_delta_2"], what),
            ic=ic,
            alpha_beta=_twelve(fields["vk_alphabeta_12"], what) if "vk_alphabeta_12" in fields else (),
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
        """Read a `proof.json`, of snarkjs or of rapidsnark, which names no curve.

        Raises FormatError when it is no proof or a coordinate is not canonical.
        """
        what = "the proof"
        fields = _fields(content, _PROOF_POINTS, _LABELS, what)
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


def _fields(content: object, points: set[str], extras: set[str], what: str) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        raise FormatError(f"{what} is not a JSON object")
    missing, unknown = points - set(content), set(content) - points - extras
    if missing:
        raise FormatError(f"{what} lacks {', '.join(sorted(missing))}")
    if unknown:
        raise FormatError(
            f"{what} has fields that no proof or key of Groth16 has",
            hint=f"known are {', '.join(sorted(points | extras))}",
        )
    curve = content.get("curve", "bn128")
    if content.get("protocol", "groth16") != "groth16" or not isinstance(curve, str) or not _is_bn254(curve):
        raise FormatError(f"{what} is not of Groth16 over bn128")
    return content


def _is_bn254(curve: str) -> bool:
    return "".join(c for c in curve.upper() if c.isalnum()) in _CURVES


def _items(value: object, count: int | None, what: str) -> list[Any]:
    if not isinstance(value, list) or (count is not None and len(value) != count):
        raise FormatError(f"{what} has a list of the wrong length")
    return value


def _number(value: object, what: str) -> int:
    return decimal_string(value, f"a coordinate of {what}")


def _twelve(value: object, what: str) -> tuple[int, ...]:
    halves = [_items(half, 3, what) for half in _items(value, 2, what)]
    return tuple(_number(number, what) for half in halves for pair in half for number in _items(pair, 2, what))


def _affine(value: object, one: object, what: str) -> list[Any]:
    """Return the two coordinates of a point, written with a third that is one or, as some tools do, without."""
    x, y, *rest = _items(value, 3 if isinstance(value, list) and len(value) > 2 else 2, what)
    if rest not in ([], [one]):
        raise FormatError(f"{what} has a point that is not affine, or at infinity")
    return [x, y]


def _g1(value: object, what: str) -> G1:
    x, y = _affine(value, "1", what)
    return _number(x, what), _number(y, what)


def _g2(value: object, what: str) -> G2:
    (x0, x1), (y0, y1) = (_items(pair, 2, what) for pair in _affine(value, ["1", "0"], what))
    return (_number(x0, what), _number(x1, what)), (_number(y0, what), _number(y1, what))
