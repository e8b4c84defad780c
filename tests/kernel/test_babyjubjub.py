"""An owner's key outside the prime subgroup, or not circomlib's, would be a key nobody can spend with."""

import json
import os
import random
import subprocess
from pathlib import Path

import pytest

from zkmargin.kernel import babyjubjub
from zkmargin.kernel.babyjubjub import BASE8, IDENTITY, SUBGROUP_ORDER, add, check_owner_key, multiply, public_key
from zkmargin.kernel.errors import InputError
from zkmargin.kernel.field import R

ROOT = Path(__file__).parents[2]
SEED = int(os.environ.get("ZKMARGIN_SEED", "20261122"))
# Of order 8 and 2: (x, y) with 8·P the identity, and (0, -1).
ORDER_TWO = (0, R - 1)


def test_the_base_generates_the_prime_subgroup():
    assert babyjubjub.is_on_curve(BASE8)
    assert multiply(BASE8, SUBGROUP_ORDER) == IDENTITY
    assert all(multiply(BASE8, SUBGROUP_ORDER // p) != IDENTITY for p in (2, 3, 5, 7))
    assert pow(2, SUBGROUP_ORDER - 1, SUBGROUP_ORDER) == 1


def test_the_group_laws_hold():
    draw = random.Random(SEED)
    for _ in range(50):
        a, b = draw.randrange(SUBGROUP_ORDER), draw.randrange(SUBGROUP_ORDER)
        p, q = multiply(BASE8, a), multiply(BASE8, b)
        assert add(p, q) == add(q, p) == multiply(BASE8, a + b)
        assert add(p, IDENTITY) == p
        assert add(p, ((R - p[0]) % R, p[1])) == IDENTITY
        assert babyjubjub.is_in_subgroup(p)
    print(f"baby jubjub: 50 pairs, seed {SEED}")


@pytest.mark.parametrize(
    "point",
    [IDENTITY, ORDER_TWO, add(BASE8, ORDER_TWO), (1, 1), (BASE8[0] + R, BASE8[1]), (-1, 1), (0, 0)],
    ids=["identity", "order two", "outside the subgroup", "off the curve", "not canonical", "negative", "zero"],
)
def test_keys_nobody_can_use_are_refused(point):
    with pytest.raises(InputError) as caught:
        check_owner_key(point)
    assert caught.value.code == "bad-owner-key"


@pytest.mark.parametrize("secret", [0, -1, SUBGROUP_ORDER, 1 << 251])
def test_secrets_out_of_range_are_refused(secret):
    with pytest.raises(InputError):
        public_key(secret)


def test_drawn_keys_are_valid_and_differ():
    keys = {public_key(babyjubjub.draw_secret()) for _ in range(20)}
    assert len(keys) == 20
    for key in keys:
        check_owner_key(key)


def test_circomlibjs_makes_the_same_keys():
    draw = random.Random(SEED)
    secrets = [1, 2, SUBGROUP_ORDER - 1, *(draw.randrange(1, 1 << 251) for _ in range(10))]
    script = """
    const { buildBabyjub } = require("circomlibjs");
    buildBabyjub().then((b) => {
      const keys = JSON.parse(process.argv[1]).map((s) => b.mulPointEscalar(b.Base8, BigInt(s)));
      console.log(JSON.stringify(keys.map((k) => k.map((c) => b.F.toString(c)))));
    });
    """
    answer = subprocess.run(
        ["node", "-e", script, json.dumps([str(s) for s in secrets])],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    theirs = [tuple(int(c) for c in key) for key in json.loads(answer.stdout)]
    assert theirs == [multiply(BASE8, s) for s in secrets]
