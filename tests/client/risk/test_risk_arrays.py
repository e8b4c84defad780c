"""Lost if these fail: a table prices a scenario wrongly, or two who compute it from one market post different cells."""

import subprocess
import sys
import time
from decimal import Decimal, localcontext

import numpy as np
import pytest
import QuantLib

from zkmargin.client.risk import arrays, black76
from zkmargin.client.risk.arrays import nearest, risk_arrays
from zkmargin.client.risk.black76 import DEEP, exact_put, time_values
from zkmargin.client.risk.shocks import (
    CONTEXT,
    Expiry,
    Scenario,
    SkewShock,
    Strike,
    VolMove,
    VolShock,
    discount_factor,
    linear_moves,
    shocked_vol,
    years,
)
from zkmargin.kernel.errors import InputError

NANO = Decimal(10**9)
DAY = 86_400
VOL = VolShock(*map(Decimal, ("0.5", "0.275", "0.3", "0.13")), DAY, Decimal("0.45"))
SKEW = SkewShock(*map(Decimal, ("0.15", "-0.05", "0.15", "-0.05", "0.01", "4", "0.6", "-0.1")))
SPOTS = ("1.18", "1.135", "1.09", "1.045", "1", "0.955", "0.91", "0.865", "0.82", "0.34", "0.67", "1.5", "2", "3", "4")
MOVES = [(spot, move) for spot in SPOTS[:9] for move in (VolMove.UP, VolMove.NONE, VolMove.DOWN)]
SCENARIOS = [Scenario(Decimal(spot), move) for spot, move in [*MOVES, *((spot, VolMove.UP) for spot in SPOTS[11:])]]
SCENARIOS += [Scenario(Decimal(1), VolMove.LINEAR), Scenario(Decimal(1), VolMove.ABSOLUTE)]


def book(rng, count, spot, expiries=14):
    """Return curves and strikes as a venue lists them, expired, flat and far ones among them."""
    curves = []
    for number in range(expiries):
        seconds = int(DAY * (0.3 + 1.9 * number * number)) if number else 0
        forward = Decimal(spot) * (1 + Decimal(number) / 200)
        curves.append(Expiry(seconds, forward, discount_factor(Decimal("0.08"), seconds), forward * (number == 1) / 3))
    strikes = []
    for _ in range(count):
        price = Decimal(spot) * rng.randrange(30, 300) / 100
        strikes.append(Strike(rng.randrange(expiries), price, Decimal(rng.choice([0, *range(2000, 13000, 7)])) / 10**4))
    return curves, strikes


def exact_cell(curves, strike, scenario, scale=NANO):
    curve = curves[strike.expiry]
    deviation = shocked_vol(curve, strike, scenario.vol, VOL, SKEW) if curve.seconds > 0 else Decimal(0)
    deviation = CONTEXT.multiply(deviation, CONTEXT.sqrt(years(curve.seconds)))
    with localcontext(DEEP):
        unit = CONTEXT.multiply(curve.discount, scale)
        return nearest(exact_put(curve.shocked_forward(scenario.spot), strike.price, deviation) * unit)


def test_prices_are_quantlibs_to_ten_digits(rng, size, say):
    relative, absolute, count = 0.0, 0.0, 0
    for _ in range(size(3000, 100_000)):
        forward = 10 ** rng.uniform(-2, 5)
        strike = forward * np.exp(rng.uniform(-1.5, 1.5))
        deviation, discount = 10 ** rng.uniform(-2, 0.7), rng.uniform(0.5, 2)  # above one: a negative rate
        settled = float(exact_put(Decimal(forward), Decimal(strike), Decimal(deviation)))
        fast = float(time_values(*map(np.array, (forward, strike, deviation)))[0]) + max(strike - forward, 0)
        parity = discount * (forward - strike)
        put, call = (
            QuantLib.blackFormula(kind, strike, forward, deviation, discount)
            for kind in (QuantLib.Option.Put, QuantLib.Option.Call)
        )
        pairs = [(discount * settled, put), (discount * fast, put), (discount * settled + parity, call)]
        for ours, theirs in pairs:
            absolute = max(absolute, abs(ours - theirs) / (discount * (strike + forward)))
            if theirs > 1e-5 * discount * strike:  # below, theirs is a difference of equal numbers
                relative, count = max(relative, abs(ours / theirs - 1)), count + 1
    say(f"{count} prices against QuantLib: at most {relative:.0e} of the price, {absolute:.0e} of the notional apart")
    assert count > 3000
    assert relative < 1e-10
    assert absolute < 1e-14


def test_floats_err_less_than_they_admit(rng, size, say):
    worst = 0.0
    for _ in range(size(1500, 50_000)):
        forward, strike = Decimal(rng.randrange(1, 10**9)) / 10**4, Decimal(rng.randrange(1, 10**9)) / 10**4
        deviation = Decimal(rng.randrange(1, 40_000)) / 10**4
        value, error = (float(x) for x in time_values(*(np.array(float(x)) for x in (forward, strike, deviation))))
        true = exact_put(forward, strike, deviation) - max(strike - forward, Decimal(0))
        if true > Decimal(10) ** -35 * strike:
            worst = max(worst, float(abs(Decimal(value) - true)) / error)
    say(f"errors of floats: at most {worst:.2f} of the bound that decides what is settled in 50 digits")
    assert worst < 0.75


def test_cells_are_the_exact_prices_rounded_once(rng, size, say):
    curves, strikes = book(rng, size(150, 1000), 2681)
    made = risk_arrays(curves, strikes, SCENARIOS, scale=NANO, vol_shock=VOL, skew=SKEW)
    count = 0
    for strike, row in zip(strikes, made.puts, strict=True):
        for scenario, cell in rng.sample(list(zip(SCENARIOS, row, strict=True)), 6):
            assert cell == exact_cell(curves, strike, scenario)
            count += 1
    say(f"{count} cells of 10^-9 equal to the 50-digit price's")


@pytest.mark.parametrize("ulps", [-2, 2])
def test_another_machines_floats_give_the_same_cells(rng, monkeypatch, ulps, say):
    curves, strikes = book(rng, 150, 95_663)
    honest = risk_arrays(curves, strikes, SCENARIOS, scale=NANO, vol_shock=VOL, skew=SKEW)

    def elsewhere(*inputs):
        value, error = time_values(*inputs)
        noise = np.array([rng.choice([0, ulps]) for _ in range(value.size)]).reshape(value.shape)
        return value * (1 + noise * 2.0**-53), error

    monkeypatch.setattr(arrays, "time_values", elsewhere)
    assert risk_arrays(curves, strikes, SCENARIOS, scale=NANO, vol_shock=VOL, skew=SKEW).puts == honest.puts
    monkeypatch.setattr(black76, "ROUNDING", 0.0)
    careless = risk_arrays(curves, strikes, SCENARIOS, scale=NANO, vol_shock=VOL, skew=SKEW)
    other = sum(
        a != b for row, rows in zip(careless.puts, honest.puts, strict=True) for a, b in zip(row, rows, strict=True)
    )
    say(f"{honest.settled} of {150 * len(SCENARIOS)} cells settled in 50 digits; without that {other} would differ")
    assert other > 0  # the test can fail


def test_a_call_is_its_put_and_the_forward(rng):
    curves, strikes = book(rng, 60, 2681)
    made = risk_arrays(curves, strikes, SCENARIOS, scale=NANO, vol_shock=VOL, skew=SKEW)
    for i, strike in enumerate(strikes):
        for s, scenario in enumerate(SCENARIOS):
            call = made.puts[i][s] + made.forwards[strike.expiry][s] - made.strikes[i]
            curve = curves[strike.expiry]
            intrinsic = max(curve.shocked_forward(scenario.spot) - strike.price, Decimal(0)) * curve.discount * NANO
            assert call >= intrinsic - 2  # three roundings of half a cell
            assert call <= made.forwards[strike.expiry][s] + 1


def test_a_thousand_instruments_take_less_than_a_second(rng, say):
    curves, strikes = book(rng, 1000, 2681)
    assert len(SCENARIOS) == 33
    risk_arrays(curves, strikes[:1], SCENARIOS, scale=NANO, vol_shock=VOL, skew=SKEW)  # imports
    start, wall = time.process_time(), time.perf_counter()
    made = risk_arrays(curves, strikes, SCENARIOS, scale=NANO, vol_shock=VOL, skew=SKEW)
    spent, wall = time.process_time() - start, time.perf_counter() - wall
    say(f"1,000 strikes x 33 scenarios: {spent:.3f} s of processor, {wall:.3f} s; {made.settled} settled in 50 digits")
    assert spent < 1


AGAIN = """
from decimal import Decimal
from hashlib import sha256
from zkmargin.client.risk.arrays import risk_arrays
from zkmargin.client.risk.shocks import Expiry, Scenario, Strike, VolMove
curves = [Expiry(86_400 * (1 + 9 * i), Decimal(2681 + i), Decimal("0.99")) for i in range(4)]
strikes = [Strike(i % 4, Decimal(1500 + 37 * i), Decimal(40 + i) / 100) for i in range(60)]
scenarios = [Scenario(Decimal(60 + 7 * i) / 100, VolMove.NONE) for i in range(12)]
print(sha256(repr(risk_arrays(curves, strikes, scenarios, scale=Decimal(10**9))).encode()).hexdigest())
"""
AGAIN_IS = "cda45f461eec4e44e2f76857c9c872287998663cd60f60aaaa176d6bcff35467"


def test_every_run_gives_the_same_cells():
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", AGAIN], check=False, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True
        )
        assert run.stdout.strip() == AGAIN_IS, run.stderr


def test_what_has_no_time_or_no_volatility_is_worth_what_it_pays():
    curves = [
        Expiry(0, Decimal(100), Decimal(1)),
        Expiry(-5, Decimal(100), Decimal(1)),
        Expiry(DAY, Decimal(100), Decimal(2)),
    ]
    strikes = [Strike(i, Decimal(k), Decimal(vol)) for i, vol in ((0, "0.5"), (1, "0.5"), (2, "0")) for k in (90, 110)]
    still = [Scenario(Decimal(1), VolMove.NONE), Scenario(Decimal(1), VolMove.DOWN), Scenario(Decimal(0), VolMove.NONE)]
    made = risk_arrays(curves, strikes, still, scale=Decimal(10), vol_shock=VOL, skew=SKEW)
    assert made.puts == ((0, 0, 900), (100, 100, 1100)) * 2 + ((0, 0, 1800), (200, 200, 2200))
    assert made.forwards == ((1000, 1000, 0),) * 2 + ((2000, 2000, 0),)
    assert made.strikes == (900, 1100, 900, 1100, 1800, 2200)


def test_far_strikes_and_wild_volatilities_are_priced(rng):
    curves = [Expiry(1, Decimal(100), Decimal(1)), Expiry(3650 * DAY, Decimal(100), Decimal("1.5"))]
    strikes = [
        Strike(i, Decimal(k), Decimal(v)) for i in (0, 1) for k in ("0.01", "100", "1000000") for v in ("0.01", "900")
    ]
    made = risk_arrays(curves, strikes, SCENARIOS, scale=NANO, vol_shock=VOL, skew=SKEW)
    for strike, row in zip(strikes, made.puts, strict=True):
        for scenario, cell in zip(SCENARIOS, row, strict=True):
            assert cell == exact_cell(curves, strike, scenario)
            assert 0 <= cell <= strike.price * curves[strike.expiry].discount * NANO


def test_shocks_follow_the_time_left():
    assert VOL.multiple(30 * DAY) == 1
    assert VOL.multiple(0) == VOL.multiple(DAY)  # the floor
    assert VOL.multiple(15 * DAY) == CONTEXT.power(Decimal(2), Decimal("0.3"))
    assert VOL.multiple(60 * DAY) == CONTEXT.power(Decimal("0.5"), Decimal("0.13"))
    curve, strike = Expiry(30 * DAY, Decimal(100), Decimal(1)), Strike(0, Decimal(100), Decimal("0.8"))
    assert shocked_vol(curve, strike, VolMove.UP, VOL, SKEW) == Decimal("1.2")
    assert shocked_vol(curve, strike, VolMove.DOWN, VOL, SKEW) == Decimal("0.58")
    calm = Strike(0, Decimal(100), Decimal("0.1"))
    assert shocked_vol(curve, calm, VolMove.UP, VOL, SKEW) == Decimal("0.45")  # the least
    assert shocked_vol(curve, strike, VolMove.LINEAR, VOL, SKEW) == Decimal("0.8")  # at the money
    wings = [Strike(0, Decimal(k), Decimal("0.8")) for k in (20, 500)]
    low, high = (shocked_vol(curve, wing, VolMove.LINEAR, VOL, SKEW) for wing in wings)
    assert low < Decimal("0.8") < high
    assert shocked_vol(curve, wings[0], VolMove.ABSOLUTE, VOL, SKEW) > Decimal("0.8")
    with localcontext(CONTEXT):
        assert high == Decimal("0.8") * (1 + Decimal("0.15") - Decimal("0.05") * years(30 * DAY).sqrt())


def test_forwards_and_linear_instruments_move_with_spot():
    curve = Expiry(DAY, Decimal(100), Decimal(1), forward_fixed=Decimal(40))
    assert curve.shocked_forward(Decimal("1.5")) == 130
    moves = linear_moves(
        [Scenario(Decimal("1.5"), VolMove.UP, Decimal("0.1")), Scenario(Decimal("0.82"), VolMove.NONE)]
    )
    assert moves == (Decimal("0.05"), Decimal("-0.18"))
    assert discount_factor(Decimal("-0.1"), 365 * DAY) > 1


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Expiry(1, Decimal(-1), Decimal(1)),
        lambda: Expiry(1, Decimal(1), Decimal(0)),
        lambda: Expiry(1, Decimal(1), Decimal(1), Decimal(2)),
        lambda: Strike(0, Decimal(0), Decimal(1)),
        lambda: Strike(0, Decimal(1), Decimal(-1)),
        lambda: Scenario(Decimal(-1), VolMove.NONE),
        lambda: VolShock(*map(Decimal, (1, 1, 1, 1)), 0, Decimal(0)).multiple(0),
        lambda: risk_arrays(
            [Expiry(1, Decimal(1), Decimal(1))], [Strike(0, Decimal(1), Decimal(1))], SCENARIOS, scale=NANO
        ),
        lambda: risk_arrays(
            [Expiry(1, Decimal(1), Decimal(1))], [Strike(0, Decimal(1), Decimal(1))], SCENARIOS[-1:], scale=NANO
        ),
        lambda: risk_arrays(
            [Expiry(1, Decimal(10**10), Decimal(1))],
            [Strike(0, Decimal(1), Decimal(1))],
            SCENARIOS[1:2],
            scale=NANO * 10,
        ),
    ],
)
def test_what_is_no_market_is_refused(wrong):
    with pytest.raises(InputError):
        wrong()


def test_the_package_loads_without_numpy_and_says_what_it_needs():
    script = (
        "import sys; sys.modules['scipy'] = None; import zkmargin.client.risk as risk\n"
        "from decimal import Decimal\n"
        "assert 'numpy' not in sys.modules\n"
        "from zkmargin.kernel.errors import EnvironmentFault\n"
        "still = [risk.Scenario(Decimal(1), risk.VolMove.NONE)]\n"
        "one = Decimal(1)\n"
        "try: risk.risk_arrays([risk.Expiry(1, one, one)], [risk.Strike(0, one, one)], still, scale=one)\n"
        "except EnvironmentFault as error: print(error.hint)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert run.stdout == 'pip install "zkmargin[risk]"\n', run.stderr
