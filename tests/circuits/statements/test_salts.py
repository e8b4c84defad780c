"""Lost if these fail: whoever sees a commitment tries a thousand holdings and knows which one it is (row P2)."""

import random
import secrets

from zkmargin.circuits.model import Holdings, Opening
from zkmargin.circuits.statements import commitment
from zkmargin.circuits.statements.commitment import commit, draw_salt

from ..conftest import SMALL, compiled

KEY = (3, 5)


def test_a_salt_is_drawn_from_the_systems_randomness_at_full_width(monkeypatch, tally):
    salts = [draw_salt() for _ in range(1000)]
    same = len(salts) - len(set(salts))
    stuck = [bit for bit in range(commitment.SALT_BITS) if not 350 < sum(salt >> bit & 1 for salt in salts) < 650]
    tally("P2", f"salts of {commitment.SALT_BITS} bits, all different and no bit stuck", len(salts), same + len(stuck))
    asked = []
    monkeypatch.setattr(secrets, "randbits", lambda bits: asked.append(bits) or 7)
    assert draw_salt() == 7
    assert asked == [commitment.SALT_BITS]
    assert commitment.SALT_BITS >= 128


def test_seeding_pythons_own_generator_changes_no_salt():
    drawn = set()
    for _ in range(10):
        random.seed(1)
        drawn.add(draw_salt())
    assert len(drawn) == 10


def test_ten_bits_of_cash_are_not_found_by_trying_them_all(rng, tally):
    """With the salt each is found at once; without it, guessing salts that a lazy wallet might use finds none."""
    schema = compiled("sufficiency").schema
    nothing = Holdings.empty(SMALL)

    def committed(cash, salt):
        holdings = Holdings(cash, nothing.sizes, nothing.collateral, nothing.debts)
        return commit(schema, Opening(holdings, KEY, salt))

    secret, salt = rng.randrange(1024), draw_salt()
    posted = committed(secret, salt)
    assert [cash for cash in range(1024) if committed(cash, salt) == posted] == [secret]
    guesses = (0, 1, secret, 1 << 247, salt ^ 1, salt - 1, draw_salt())
    found = [(cash, guess) for guess in guesses for cash in range(1024) if committed(cash, guess) == posted]
    tally("P2", "guesses of ten bits of cash behind a commitment, none right", 1024 * len(guesses), len(found))
