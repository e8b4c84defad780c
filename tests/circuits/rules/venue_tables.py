"""Venues' own test tables as numbers, each case with what the venue's test expects and where it was read.

A case of these lists is what one assertion of the venue's is about. What a rule here cannot say is not left out: it
stands with the reason, and `test_venue_tables` counts it as documented.
"""

from fractions import Fraction as F

# dYdX (v4-chain 84d4664ba). x/perpetuals/lib/lib_test.go: (exponent, atomic resolution, price, size, fraction ppm,
# maintenance ppm, open interest, its lower and upper cap, initial, maintenance margin).
DYDX_MARGINS = [
    (-1, -4, 55_550, 7_000, 10_000, 500_000, 0, 0, 0, 38_885_000, 19_442_500),
    (-2, -6, 42_000_000, -5_000, 10_000, 500_000, 0, 0, 0, 21_000_000, 10_500_000),
    (-1, -6, 55_550, 7_000, 1_000_000, 1_000_000, 0, 0, 0, 38_885_000, 38_885_000),
    (-1, -6, 55_550, 7_000, 10_000, 1_000_000, 0, 0, 0, 388_850, 388_850),
    (-1, -6, 55_550, 7_000, 0, 1_000_000, 0, 0, 0, 0, 0),
    (-1, -6, 0, -7_000, 100, 1_000_000, 0, 0, 0, 0, 0),
    (-1, -6, 2**64 - 1, 2**64 - 1, 100, 1_000_000, 0, 0, 0, None, None),
    (-1, -6, 55_550, 7_000, 10_000, 500_000, 0, 0, 0, 388_850, 194_425),
    (-1, -6, 367_500, 12_000, 200_000, 500_000, 0, 0, 0, 88_200_000, 44_100_000),
    (-1, -6, 1_234_560, 74_523, 50_000, 600_000, 0, 0, 0, 460_015_575, 276_009_345),
    (-1, -6, 1_234_560, 74_523, 250_000, 600_000, 0, 0, 0, 2_300_077_872, 1_380_046_724),
    (-1, -6, 367_500, 12_000, 200_000, 500_000, 408_163_265, 10**13, 2 * 10**13, 264_599_559, 44_100_000),
    (-1, -6, 367_500, 12_000, 200_000, 500_000, 10**9, 10**13, 2 * 10**13, 441_000_000, 44_100_000),
    (-1, -6, 367_500, 12_000, 200_000, 500_000, 1_123_456_789, 25 * 10**12, 50 * 10**12, 318_042_585, 44_100_000),
]
# The same file: five requirements at resolution 4, five net values and three notionals at resolution -16.
DYDX_DIVISORS = [(-5, 4)] * 5 + [(-5, -16)] * 8
# x/perpetuals/types/liquidity_tier_test.go: (base ppm, notional, open interest, lower, upper cap, initial margin).
DYDX_INITIAL = [
    (200_000, 500_000, 0, 0, 0, 100_000),
    (500_000, 1_000_000, 0, 0, 0, 500_000),
    (100_000, 1, 0, 0, 0, 1),
    (567_243, 123_456, 0, 0, 0, 70_030),
    (200_000, 500_000, 1_500_000_000_000, 0, 0, 100_000),
    (200_000, 500_000, 1_500_000_000_000, 10**12, 2 * 10**12, 300_000),
    (200_000, 500_000, 80 * 10**12, 25 * 10**12, 50 * 10**12, 500_000),
    (200_000, 500_000, 25 * 10**12, 25 * 10**12, 50 * 10**12, 100_000),
    (200_000, 500_000, 28_123_456_789_123, 25 * 10**12, 60 * 10**12, 135_697),
]
# The same file: (open interest, lower, upper cap, fraction in ppm on a base of 200,000).
DYDX_FRACTIONS = [
    (0, 10**6, 2 * 10**6, 200_000),
    (1_500_000, 10**6, 2 * 10**6, 600_000),
    (1_234_567, 10**6, 2 * 10**6, 387_653),
    (10**6, 10**6, 2 * 10**6, 200_000),
    (2 * 10**6, 10**6, 2 * 10**6, 1_000_000),
    (2_500_000, 10**6, 2 * 10**6, 1_000_000),
    (1_500_000, 0, 0, 200_000),
]
# lib/margin/risk_test.go: (net collateral, maintenance requirement, whether the account can be liquidated).
DYDX_LIQUIDATABLE = [
    (100, 0, False),
    (0, 100, True),
    (0, 0, False),
    (-100, 100, True),
    (-100, 0, False),
    (75, 100, True),
    (100, 100, False),
    (125, 100, False),
]

# Drift (protocol-v2 0ae3e3b1d, math/margin/tests.rs). (liability or not, size in 10^-9, imf in 10^-6, weight, weighed).
DRIFT_WEIGHTS = [
    (False, 10**12, 0, 9_000, 9_000),
    (True, 10**12, 0, 11_000, 11_000),
    (False, 10**12, 10, 9_000, 9_000),
    (True, 10**12, 10, 11_000, 11_000),
    (False, 10**18, 10, 9_000, 8_357),
    (False, 10**12, 10_000, 9_000, 8_357),
    (True, 10**12, 10_000, 11_000, 11_962),
    (False, 10**12, 100_000, 9_000, 2_642),
    (True, 10**12, 100_000, 11_000, 40_422),
    (True, 10**12, 100_000, 0, 31_622),
    (False, 10**14, 0, 1_500, 1_500),
    (False, 10**14, 0, 7_500, 7_500),
    (False, 10**14, 100_000, 1_500, 337),
    (False, 10**14, 100_000, 7_500, 337),
]
# (position, entry value, price, ratio, imf, profit's weight, initial?, margin, profit, what it counts for) in 10^-9 and
# 10^-6; a prediction market's short owes one less the price.
DRIFT_POSITIONS = [
    (-6_147_540_983, -153_688_524_588, 22_050_000_000, 1_000, 1_000, 10_000, True, 13_555_327_867, None, 100_000_000),
    (
        -6_147_540_983,
        -153_688_524_588,
        21_050_000_000,
        1_000,
        1_000,
        10_000,
        True,
        12_940_573_769,
        24_282_786_896,
        10**8,
    ),
    (-(10**9), -750_000, 250_000, 10_000, 0, 0, True, "prediction", None, 0),
    (-(10**9), -750_000, 250_000, 9_999, 0, 10_000, False, "prediction", None, 500_000),
    (10**9, 250_000, 750_000, 10_000, 0, 0, True, 750_000, None, 0),
    (10**9, 250_000, 750_000, 9_999, 0, 10_000, False, 749_925, None, 500_000),
]
# What is not modelled, so that the side it errs on can be asked. (Weight, between the levels' 1,500 and 7,500, by imf.)
DRIFT_FILL = [(0, 4_500), (100_000, 337)]
# An initial weight of 9,000 as deposits grow.
DRIFT_DEPOSITS = [9_000, 9_000, 4_500, 3_000]
# (Profit, its weight by its size): at initial margin the cap cuts all of them.
DRIFT_PROFITS = [
    (22_699_050_905, 9_559),
    (24_282_786_896, 9_516),
    (242_827_868_960, 7_368),
    (2_428_278_689_600, 4_299),
    (24_282_786_896_000, 1_855),
    (242_827_868_960_000, 663),
    (19_426_229_516_800_000, 78),
]
# A long of 100 at 100 and as much owed, by the leverage a user sets: its requirement; and collateral's counted value.
DRIFT_LEVERAGE = [50_000_000_000, 30_000_000_000, 20_000_000_000]
DRIFT_LEVERED_COLLATERAL = 5_000_000_000

# Synthetix (synthetix-v3 23585f73c, markets/perps-market/test/integration); quote, lots of one. KeeperRewards.*: (value
# times its share, cost, floor, cap, windows, a further window's reward, in wei, what the keeper gets).
WEI = 10**18
SYNTHETIX_REWARDS = [
    (0, 8_888, 8_932, 10 * WEI, 1, 0, 8_932),
    (0, 8_888, 18_888, 100_000, 1, 0, 18_888),
    (0, 8_888, 8_932, 100, 1, 0, 100),
    (5 * WEI, 8_888, 8_932, 10 * WEI, 1, 0, 5 * WEI + 8_888),
    (5 * WEI, 8_888, 8 * WEI + 8_888, 10 * WEI, 1, 0, 8 * WEI + 8_888),
    (5 * WEI, 8_888, WEI + 8_888, 3 * WEI, 1, 0, 3 * WEI),
    (30 * WEI, 15_554, 15_555, 100 * WEI, 1, 0, 30 * WEI + 15_554),
    (5 * WEI, 15_554, 15_555, 10 * WEI, 1, 0, 5 * WEI + 15_554),
    (10_050 * WEI // 1_000, 8_888, 8_889, 20 * WEI, 1, 5_556, 10_050 * WEI // 1_000 + 8_888),
    (10_050 * WEI // 1_000, 8_888, 8_889, 20 * WEI, 2, 5_556, 10_050 * WEI // 1_000 + 8_888 + 5_556),
    (10_050 * WEI // 1_000, 8_888, 8_889, 20 * WEI, 3, 5_556, 10_050 * WEI // 1_000 + 8_888 + 2 * 5_556),
]
# Account/Margins.test.ts and Orders/Order.marginValidation*.test.ts: (positions of (size, price, k / skew scale, least
# ratio, minimum, flag share), scalar, floor, cap, requirement).
_BTC, _ETH = (F(2, 100), F(1, 100), 1_000, F(1, 20)), (F(2, 1_000), F(1, 100), 500, F(1, 20))
_BITCOIN, _ETHER = (F(2, 100_000), F(1, 100), 0, F(3, 400)), (F(2, 1_000_000), F(1, 100), 0, F(1, 100))
SYNTHETIX_MARGINS = [
    ((), 1, 0, 10_000, 0),
    ((), F(1, 2), 0, 10_000, 0),
    (((-2, 30_000, *_BTC), (20, 2_000, *_ETH)), 1, 0, 10_000, 6_500 + 5_000),
    (((-2, 30_000, *_BTC), (20, 2_000, *_ETH)), F(1, 2), 0, 10_000, 4_000 + 5_000),
    (((3, 2_000, *_ETHER),), 1, 100, 10_000, F("60.036") + 100),
    (((3, 2_000, *_ETHER), (5, 10_000, *_BITCOIN)), 1, 100, 10_000, F("60.036") + 505 + 435),
    (((3, 2_000, *_ETHER), (10, 10_000, *_BITCOIN)), 1, 100, 10_000, F("60.036") + 1_020 + 810),
    (((3, 2_000, *_ETHER),), 1, 1, 110, F("60.036") + 60),
    (((3, 2_000, *_ETHER), (5, 10_000, *_BITCOIN)), 1, 1, 110, F("60.036") + 505 + 110),
    (((3, 2_000, *_ETHER), (10, 10_000, *_BITCOIN)), 1, 1, 110, F("60.036") + 1_020 + 110),
]
# Liquidation/Liquidation.margin.test.ts: five positions of (size, price, k / skew scale, least ratio), then at prices
# what each has gained since its fill, the available margin, and whether the account can be liquidated; the scalar is a
# half and no reward is set. The third time the last market asks for a minimum of 50.
SYNTHETIX_HELD = [
    (-1, 30_000, F(2, 100), F(1, 100)),
    (20, 2_000, F(2, 1_000), F(1, 100)),
    (2_000, 5, F(2, 100_000), F(1, 100)),
    (5_000, 2, F(3, 200_000), F(7, 200)),
    (5_000, 2, F(3, 200_000), F(7, 200)),
]
SYNTHETIX_WALLET = 20_000
SYNTHETIX_PRICES = [
    ((30_000, 2_000, 5, 2, 2), (-150, -400, -100, -250, -250), 0, 18_850, False),
    ((28_000, 1_900, F("4.6"), F("1.9"), F("1.8")), (1_850, -2_400, -900, -750, -1_250), 0, 16_550, False),
    ((31_000, 1_775, 3, 1, F("1.13")), (-1_150, -4_900, -4_100, -5_250, -4_600), 50, 0, True),
    ((31_000, 1_820, 3, 1, 1), (-1_150, -4_000, -4_100, -5_250, -5_250), 0, 250, True),
]
# Liquidation/Liquidation.marginOnly.test.ts asserts the reward twice: it is charged to an account with debt and no
# position.
SYNTHETIX_WITHOUT_POSITIONS = 2

# Hyperliquid: liquidation prices that the venue reported (freqtrade, tests/exchange/test_hyperliquid.py, 3b1fb5af8):
# (largest leverage, entry, size, wallet, liquidation price).
HYPERLIQUID_PRICES = """
50 2458.5 0.015 36.864593 0.86915825
50 63287 0.00039 24.673292 22.37166537
20 146.82 0.16 23.482979 0.05269872
20 145.83 0.33 24.045107 74.83696193
50 2459.5 0.0199 24.454895 1243.0411908
50 62739 0.00077 24.137992 31708.03843631
20 0.11586 437 25.29769 0.05945697
50 2642.8 -0.019 25.091876 3924.18322043
20 155.89 -0.32 24.924941 228.07847866
20 0.14333 -351 25.136807 0.20970228
50 68595 -0.00069 23.64871 101849.99354283
50 65536 -0.00099 21.604172 86493.46174617
20 173.06 0.6 20.735658 142.05186667
50 2545.5 0.0329 20.909894 1929.23322895
50 67400 -0.00031 20.887308 133443.97317151
50 2552 -0.0327 20.833393 3157.53150453
50 66930 0.0015 20.043862 54108.51043771
50 67033 0.00121 20.251817 50804.00091827
50 2521.9 0.0237 19.902091 1699.14071943
50 68139 -0.00145 19.72573 80933.61590987
20 178.29 -0.11 19.605036 347.82205322
20 176.23 0.33 19.364946 120.56240404
20 173.08 -0.33 19.01881 225.08561715
50 68240 -0.00105 17.887922 84431.79820839
50 2518.4 -0.007 17.62263 4986.05799151
50 2533.2 0.0347 17.555195 2047.7642302
20 0.13284 360 15.943218 0.09082388
20 163.11 -0.48 15.650731 190.94213618
50 67141 0.00067 14.979079 45236.52992613
10 250 0.5 25 210.5263157894737
10 190 -0.5 9.5 199.04761904761904
10 350 1 50 315.7894736842105
"""
# Minnzen/hyperliquid-math, worked examples (675f7dc58), and the venue's page on margining: (size, price, rate, margin).
HYPERLIQUID_MARGINS = [(2, 100, F(1, 5), 40), (2, 100, F(1, 20), 10), (-2, 100, F(1, 5), 40), (-2, 100, F(1, 20), 10)]
# The venue's portfolio-margin FAQ: (collateral, price, factor, debt, whether it may be borrowed).
HYPERLIQUID_BORROWS = [(10_000, 40, F(1, 2), 200_000, True), (10_000, 40, F(1, 2), 200_001, False)]

# Aave (aave-utilities d4c93961e, packages/math-utils/src/pool-math.test.ts): (collateral, factor, debt, health factor).
_ETHERS = 10**17
AAVE_HEALTH = [
    (_ETHERS, F(1, 2), _ETHERS // 2, F(1)),
    (_ETHERS, F(1, 2), 3 * _ETHERS // 10, F(5, 3)),
    (_ETHERS, F(1, 2), 0, None),  # the venue says -1
    (_ETHERS, 5_000, _ETHERS // 2, F(10_000)),
    (_ETHERS, 5_000, 3 * _ETHERS // 10, F(50_000, 3)),
]
AAVE_BORROWS = [
    (10**18, F(1, 20_000), 5 * 10**16, 0),
    (10**18, F(1, 20_000), 3 * 10**16, 0),
    (10**18, F(0), 5 * 10**16, 0),
]

# Binance (zkmerkle-proof-of-solvency 9a3e5b7, circuit/*_test.go): (tiers of (end, percent), collateral, counted).
_THREE = ((100, 100), (200, 80), (300, 50))
_LOAN = tuple((10_000 * (j + 1), 100 - 10 * j) for j in range(10))
_MARGIN = tuple((20_001 * (j + 1), 100 - 9 * j) for j in range(10))
_PORTFOLIO = tuple((30_000 * (j + 1), 100 - 8 * j) for j in range(10))
BINANCE = [
    (_THREE, 60, 60),
    (_THREE, 100, 100),
    (_THREE, 150, 140),
    (_THREE, 200, 180),
    (_THREE, 250, 205),
    (_THREE, 350, 230),
    (_THREE, 0, 0),
    (((100, 80),), 70, 56),
    (((100, 80),), 150, 80),
    (((100, 100), (200, 33)), 150, 116),
    (((100, 100), (200, 0)), 150, 100),
    (((100, 100), (100, 80), (200, 50)), 100, 100),
    (((100, 100), (200, 100)), 150, 150),
    (((100, 50), (200, 50)), 150, 75),
    (_LOAN, 9_000, 9_000),
    (_LOAN, 100_001, 55_000),
    (_PORTFOLIO, 300_100, 192_000),
    (_PORTFOLIO, 200_000, 154_400),
    (_MARGIN, 39_000, 37_290),
    (_MARGIN, 10_000, 10_000),
]
