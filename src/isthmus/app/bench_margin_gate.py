"""Rows of `isthmus bench margin`: what the gate asks for an order of an account that is margined as a portfolio.

An account holds 50 positions in futures and options of five products, with spreads and credits between them. `what_if`
asks what an order would need, beside nothing and beside 20 live orders (`what_if_quoting`: five cases, of which the
worst counts);
`gate_portfolio` places and cancels orders of that account, `gate_isolated` those of one with the same positions, each
margined by itself. All through Python's single calls, on one core's processor time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from isthmus.app.bench_report import Row
from isthmus.engine.engine import Engine
from isthmus.kernel import messages
from isthmus.kernel.messages import BUY, FUTURE, GTC, LIMIT, OPTION, SELL, TAKER

PRODUCTS, MONTHS, STRIKES = 5, 4, 4
PER_PRODUCT = MONTHS * (1 + STRIKES)
POSITIONS, QUOTES = 50, 20
CALLS, ROUNDS = 5_000, 5
GOAL_P99_NS = 50_000
ONE = 10**6
MARK, PREMIUM = 10_000, 300
SCAN = 400
RICH = 10**14
EXPIRE = 2**62
USD, BASE = 1, 2
TOGETHER, APART, VENUE = 16, 17, 18
PORTFOLIO = 2
THIRDS = (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3, 2, -2)
"""Price moves of the 16 scenarios in thirds of the scan range; of the extremes a part counts."""


def measured(_: Path | None = None) -> dict[str, Any]:
    """Rows, peers and probes for the report."""
    rows = [_asked("what_if", 0), _asked("what_if_quoting", QUOTES)]
    rows += [_placed("gate_portfolio", TOGETHER), _placed("gate_isolated", APART)]
    return {"rows": rows, "peers": [], "probes": []}


def broker() -> Engine:
    """Everything listed, both accounts with the same positions."""
    engine, chance = Engine(), _drawn(7)
    for code in ("USD", "BASE"):
        _done(engine, messages.AddAsset(code=code, decimals=2))
    for number in range(1, PRODUCTS * PER_PRODUCT + 1):
        _list(engine, number)
    for kind in (1, 1, 3):
        _done(engine, messages.OpenAccount(kind=kind))
    for account in (TOGETHER, APART):
        _done(engine, messages.Deposit(account=account, asset=USD, amount=RICH))
    _set_products(engine)
    _done(engine, messages.ApplyRisk())
    _done(engine, messages.SetMarginMode(account=TOGETHER, mode=PORTFOLIO))
    for number in chance.sample(range(1, PRODUCTS * PER_PRODUCT + 1), POSITIONS):
        _hold(engine, number, chance.choice((BUY, SELL)), chance.randint(1, 20))
    return engine


def _drawn(seed: int) -> Random:
    return Random(seed)  # noqa: S311 (the same flow every time)


def _done(engine: Engine, command: Any) -> None:
    record = engine.submit(command)
    assert record.reason is None, (command, record.reason)


def _is_option(number: int) -> bool:
    return (number - 1) % (1 + STRIKES) > 0


def _list(engine: Engine, number: int) -> None:
    """Of a product's 20 instruments every fifth is a future, and the four behind it are options of its month."""
    option, place = _is_option(number), (number - 1) % (1 + STRIKES)
    product, month = 1 + (number - 1) // PER_PRODUCT, 1 + (number - 1) % PER_PRODUCT // (1 + STRIKES)
    call = place in (1, 2)
    words = {"tick": 1, "lot": 1, "multiplier": 1, "initial_margin_bps": 1_000, "price_decimals": 2}
    listed = messages.AddInstrument(
        symbol=f"C{number}",
        kind=OPTION if option else FUTURE,
        base=BASE,
        quote=USD,
        mark=PREMIUM if option else MARK,
        **words,
    )
    _done(engine, listed)
    terms = {"right": 1 if call else 2, "style": 1, "strike": MARK + 100 * place} if option else {}
    _done(engine, messages.SetContract(instrument=number, delivery=1, expire=EXPIRE, **terms))
    delta = (ONE // 2 if call else -ONE // 2) if option else ONE
    losses = {f"loss_{at}": -SCAN * thirds * delta // 3 // ONE for at, thirds in enumerate(THIRDS, 1)}
    values = {"value": PREMIUM, "short_minimum": 20} if option else {}
    array = {"instrument": number, "product": product, "month": 202600 + month, "delta": delta}
    _done(engine, messages.SetRiskArray(**array, **values, **losses))


def _set_products(engine: Engine) -> None:
    """Spreads between neighbouring months, a credit between neighbouring products, a delivery charge."""
    for product in range(1, PRODUCTS + 1):
        _done(engine, messages.SetRiskProduct(product=product, asset=USD, minimum=1))
        for month in range(1, MONTHS):
            near, far = 202600 + month, 202601 + month
            legs = {"first_1": near, "last_1": near, "side_1": 1, "first_2": far, "last_2": far, "side_2": 2}
            ratios = {"ratio_1": ONE, "ratio_2": ONE}
            _done(engine, messages.SetRiskSpread(product=product, place=month, charge=30, **legs, **ratios))
        _done(engine, messages.SetRiskDelivery(product=product, month=202601, outright_charge=50))
    for product in range(1, PRODUCTS):
        legs = {"product_1": product, "side_1": 1, "product_2": product + 1, "side_2": 2}
        rates = {"ratio_1": ONE, "rate_1": ONE // 2, "ratio_2": ONE, "rate_2": ONE // 2}
        _done(engine, messages.SetRiskCredit(place=product, **legs, **rates))


def _hold(engine: Engine, number: int, side: int, quantity: int) -> None:
    price = PREMIUM if _is_option(number) else MARK
    for account in (TOGETHER, APART):
        words = {"instrument": number, "side": side, "liquidity": TAKER, "price": price, "quantity": quantity}
        fill_id = (number * 100 + account).to_bytes(16, "big")
        _done(engine, messages.VenueFilled(venue=VENUE, account=account, fill_id=fill_id, **words))


def _order(chance: Random) -> tuple[int, int, int]:
    """Instrument, side, and a price that meets nobody's."""
    number, side = chance.randint(1, PRODUCTS * PER_PRODUCT), chance.choice((BUY, SELL))
    mark = PREMIUM if _is_option(number) else MARK
    return number, side, mark - 100 if side == BUY else mark + 100


def _quote(engine: Engine, orders: int) -> None:
    chance = _drawn(11)
    for _ in range(orders):
        number, side, price = _order(chance)
        answer = engine.place(TOGETHER, number, side, LIMIT, GTC, 0, price, 2)
        assert answer.reason is None, answer.reason


def _asked(name: str, orders: int) -> Row:
    """Percentiles of single questions."""
    engine = broker()
    _quote(engine, orders)
    chance, taken = _drawn(13), []
    for _ in range(CALLS * ROUNDS):
        number, side, price = _order(chance)
        before = time.thread_time_ns()
        engine.what_if(TOGETHER, number, side == BUY, price, 3)
        taken.append(time.thread_time_ns() - before)
    taken.sort()
    p50, p99, p999 = (taken[len(taken) * share // 1_000] for share in (500, 990, 999))
    goal = float(GOAL_P99_NS)
    words: dict[str, Any] = {"p50_ns": p50, "p99_ns": p99, "p999_ns": p999, "max_ns": taken[-1], "rounds": ROUNDS}
    return Row(name=name, unit="ns", value=float(p99), ok=p99 <= goal, goal=goal, clock="cpu", **words)


def _placed(name: str, account: int) -> Row:
    """Orders that are placed and taken back: commands a second, the median of the rounds."""
    engine = broker()
    rates = [_round(engine, account, _drawn(17 + at)) for at in range(ROUNDS)]
    value = statistics.median(rates)
    return Row(name=name, value=value, rounds=ROUNDS, ok=True, clock="cpu", cpu_value=value)


def _round(engine: Engine, account: int, chance: Random) -> float:
    orders = [_order(chance) for _ in range(CALLS)]
    place: Callable[..., Any] = engine.place
    before = time.thread_time()
    for number, side, price in orders:
        answer = place(account, number, side, LIMIT, GTC, 0, price, 3)
        engine.cancel(answer.sequence, account)
    spent = time.thread_time() - before
    return 2 * CALLS / spent
