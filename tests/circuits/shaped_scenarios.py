"""Accounts of the scenario families where they are special: deltas that consume each other, losses that tie."""

from dataclasses import replace

from .shaped import values, with_values


def spread(schema, rng, case):
    """SPAN: opposite deltas of one size in months and commodities, ratios, charges and credits that are felt."""
    changes, market = {}, {}
    for name in values(schema, "market", case.market):
        column, _, place = name.removeprefix("market.").partition(".")
        if column == "delta":
            market[f"delta.{place}"] = rng.choice([-1, 0, 1, 1]) * rng.choice([10**4, rng.randint(1, 10**4)])
        elif column == "array":
            market[f"array.{place}"] = rng.randint(-(1 << 26), 1 << 26)
        elif column in ("price", "exposure_price"):
            market[f"{column}.{place}"] = rng.randrange(1 << 26)
    for name in values(schema, "parameters", case.parameters):
        column, _, place = name.removeprefix("parameters.").partition(".")
        if column == "ratio":
            changes[f"ratio.{place}"] = rng.choice([1, 100, rng.randint(1, 300), (1 << 24) - 1])
        elif column in ("calendar", "spot_spread", "spot_outright", "credit", "short_minimum"):
            changes[f"{column}.{place}"] = rng.choice([0, rng.randrange(1 << 24)])
        elif column == "charge":
            changes[f"charge.{place}"] = 0
    return with_values(schema, with_values(schema, case, "market", market), "parameters", changes)


def tied(schema, rng, case):
    """Tails of losses: scenarios that repeat each other, so that the k-th largest loss is no one scenario's."""
    have = values(schema, "market", case.market)
    rows = [name.removeprefix("market.") for name in have if name.startswith("market.array.")]
    same = {name.rpartition(".")[2]: rng.random() < 0.5 for name in rows}
    changes = {}
    for name in rows:
        row, _, scenario = name.rpartition(".")
        if scenario != "0" and same[scenario]:
            changes[name] = changes.get(f"{row}.{int(scenario) - 1}", have[f"market.{row}.{int(scenario) - 1}"])
    return with_values(schema, case, "market", changes)


def few_spreads(schema, rng, case):
    """SPAN: so few spreads between commodities that a dishonest count of them has few values."""
    sizes = tuple(rng.choice([-1, 1]) * (abs(size) % 1500) for size in case.holdings.sizes)
    changes = {
        name.removeprefix("parameters."): rng.randrange(1 << 23, 1 << 24)
        for name in values(schema, "parameters", case.parameters)
        if ".ratio." in name
    }
    deltas = {
        name.removeprefix("market."): rng.choice([-1, 1]) * rng.randint(1, 10**4)
        for name in values(schema, "market", case.market)
        if ".delta." in name
    }
    case = replace(case, holdings=replace(case.holdings, sizes=sizes))
    return with_values(schema, with_values(schema, case, "market", deltas), "parameters", changes)
