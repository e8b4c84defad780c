"""Accounts where Derive's margins are special: spreads over strikes that rise, books whose scenarios are close."""

from dataclasses import replace

from zkmargin.circuits.rules.derive_srm_schema import expiry_strikes

from .shaped import with_values


def spreads(schema, rng, case):
    """SRM: strikes apart, options sold and bought in few sizes, own charges about as large as what can be lost."""
    shape, unit = schema.shape, rng.randrange(1, 1 << 40)
    groups = expiry_strikes(shape["perps"], shape["expiries"], shape["strikes"])
    market, sizes = {}, list(case.holdings.sizes)
    for group in groups:
        price = 0
        for strike in group:
            price += unit * rng.randint(1, 40)
            market[f"strike.{strike.number}"] = price
            for column in ("call_charge", "call_more", "put_charge", "put_more"):
                market[f"{column}.{strike.number}"] = unit * rng.randint(0, 60) // rng.choice([1, 7, 50])
            for slot in (strike.call, strike.put):
                sizes[slot] = rng.choice([0, 0, 0, 0, -1, 1, -3, 3, rng.randrange(-100, 100)])
        market[f"forward.{group[0].expiry}"] = unit * rng.randint(0, 90) // rng.choice([1, 30])
    case = replace(case, holdings=replace(case.holdings, sizes=tuple(sizes)))
    closed = {f"strike_charge.{k.number}": 0 for group in groups for k in group}
    return with_values(schema, with_values(schema, case, "market", market), "parameters", closed)


def close_scenarios(schema, rng, case):
    """PMRM 2: every row of a strike or an expiry near its mark, so that any scenario may be the worst."""
    market = {}
    values = {cell.name: stored for cell, stored in zip(schema.cells("market"), case.market.cells, strict=True)}
    for name in values:
        column, *places = name.removeprefix("market.").split(".")
        for kind in ("put", "forward"):
            if column != f"mark_{kind}" and column.endswith(kind):
                mark = values[f"market.mark_{kind}.{places[0]}"]
                market[".".join([column, *places])] = min(mark * rng.randint(90, 110) // 100, (1 << 50) - 1)
        if column == "strike":
            mark = values[f"market.mark_strike.{places[0]}"]
            market[f"strike.{places[0]}"] = min(mark * rng.randint(99, 103) // 100, (1 << 50) - 1)
    haircuts = {f"long_haircut.{e}": rng.randrange(10**11) for e in range(schema.shape["expiries"])}
    return with_values(schema, case, "market", market | haircuts)


def nothing_empty(schema, rng, case):
    """Either, for complete searches: the sign of zero is free, so zeros are what leaves witnesses in great number."""
    held, shape = case.holdings, schema.shape
    sizes = tuple(size or rng.choice([-1, 1]) * rng.randrange(1, 1 << 20) for size in held.sizes)
    amounts = tuple(amount or rng.randrange(1, 1 << 20) for amount in held.collateral)
    case = replace(case, holdings=replace(held, sizes=sizes, collateral=amounts))
    market, last = {}, 0
    for cell, stored in zip(schema.cells("market"), case.market.cells, strict=True):
        name = cell.name.removeprefix("market.")
        if cell.at_least is not None or (name == "strike.0" and "perps" in dict(shape.dimensions)):
            market[name] = last = last + rng.randrange(1, 1 << 30)
        elif cell.bits == 50 and not stored:
            market[name] = rng.randrange(1, 1 << 30)
    return with_values(schema, case, "market", market)
