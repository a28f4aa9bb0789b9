"""The SPAN rule in Rust and its naive twin come to the same for every portfolio; and both to what is worked by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.oracle import span as twin
from tests.oracle.span import ALL, ONE, Contract, CreditLeg, Delivery, Leg, Product, Spread

from isthmus.engine.span import SpanParameters

MONTHS = 5
Offsets = list[tuple[CreditLeg, ...]]


def rust(
    products: list[Product], offsets: Offsets, contracts: list[Contract], held: list[tuple[int, int]]
) -> dict[int, tuple[int, ...]]:
    """What the extension says, in the twin's form."""
    parameters = SpanParameters()
    for number, product in enumerate(products):
        spreads = [
            (place, spread.charge, [(*leg.months, leg.side == "B", leg.ratio) for leg in spread.legs])
            for place, spread in enumerate(product.spreads)
        ]
        tiers = [(place + 1, *tier) for place, tier in enumerate(product.inter_tiers)]
        minimum = max((contract.minimum for contract in contracts if contract.product == number), default=0)
        parameters.add_product(
            (f"P{number}", str(product.currency), minimum, None, None),
            (list(product.scan_tiers), tiers),
            spreads,
            [(delivery.month, delivery.spread, delivery.outright) for delivery in product.deliveries],
            (product.greater_minimum, product.caps_option_value),
        )
    for place, contract in enumerate(contracts):
        name = (f"C{place}", contract.product, contract.kind, contract.month, 1 if contract.kind != "future" else None)
        parameters.add_contract(name, (1, ONE, None, contract.value), contract.array, contract.delta)
    for priority, legs in enumerate(offsets):
        rows = [
            (
                leg.product,
                leg.tier + 1 if products[leg.product].inter_tiers else 0,
                leg.side == "B",
                leg.ratio,
                leg.rate,
            )
            for leg in legs
        ]
        parameters.add_credit(priority, rows)
    parameters.seal()
    rows_of = parameters.margin(held)
    return {int(currency): tuple(value or 0 for value in needed) for currency, needed in rows_of}


def both(
    products: list[Product], offsets: Offsets, contracts: list[Contract], held: list[tuple[int, int]]
) -> dict[int, tuple[int, ...]]:
    """The answer of both, which is one."""
    naive = twin.margin(products, offsets, [(contracts[place], quantity) for place, quantity in held])
    assert rust(products, offsets, contracts, held) == naive
    return naive


def future(product: int, month: int, scan: int) -> Contract:
    """Loses its price scan, 99 % of it in the extreme move."""
    moves = [0, scan // 3, -(scan // 3), 2 * scan // 3, -(2 * scan // 3), scan, -scan]
    extreme = scan * 99 // 100
    array = [-move for move in moves for _ in range(2)] + [-extreme, extreme]
    return Contract(product, month, "future", tuple(array), ONE)


def leg(first: int, last: int, side: str, ratio: int = 1) -> Leg:
    return Leg((first, last), side, ratio * ONE)


def test_tiers_are_spread_in_priority_and_delivery_counts_what_they_consumed() -> None:
    """docs/reference/span.md, "Tiers and delivery, by hand"."""
    spreads = (
        Spread((leg(1, 2, "A"), leg(1, 2, "B")), 100),
        Spread((leg(3, 4, "A"), leg(3, 4, "B")), 80),
        Spread((leg(1, 2, "A"), leg(3, 4, "B")), 150),
    )
    product = Product(spreads=spreads, deliveries=(Delivery(1, 20, 50),))
    contracts = [future(0, month, 3000) for month in (1, 2, 3, 4)]
    needed = both([product], [], contracts, [(0, 5), (1, -2), (2, -4), (3, 1)])[0]
    assert needed == (0, 1, 730, 0, 100, 0, 0, 830)
    needed = both([product], [], contracts, [(0, 5), (2, -2)])[0]
    assert needed == (9000, 13, 300, 0, 190, 0, 0, 9490)


def test_credits_come_in_priority_and_consume_net_deltas() -> None:
    """docs/reference/span.md, "Inter-commodity credits, by hand"."""
    half = ONE // 2
    offsets = [
        (CreditLeg(0, 0, "A", ONE, half), CreditLeg(1, 0, "B", 2 * ONE, half)),
        (CreditLeg(0, 0, "A", ONE, half), CreditLeg(2, 0, "B", 3 * ONE, half)),
    ]
    contracts = [future(0, 1, 3000), future(1, 1, 1500), future(2, 1, 900)]
    needed = both([Product()] * 3, offsets, contracts, [(0, 5), (1, -4), (2, -9)])[0]
    assert needed == (29_100, 13, 0, 14_550, 0, 0, 0, 14_550)


amounts = st.integers(-2_000, 2_000)
ratios = st.sampled_from([ONE, 2 * ONE, 3 * ONE, ONE // 2, 333_333])


@st.composite
def ranges(draw: st.DrawFn) -> tuple[int, int]:
    first = draw(st.integers(1, MONTHS))
    return first, draw(st.integers(first, MONTHS))


@st.composite
def some_tiers(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    cut = draw(st.integers(1, MONTHS))
    return draw(st.sampled_from([(), ((1, cut),), ((1, cut), (cut + 1, MONTHS + 1)), (ALL,)]))


@st.composite
def some_products(draw: st.DrawFn) -> Product:
    spreads = st.builds(
        lambda near, far, ratio, charge: Spread((Leg(near, "A", ratio[0]), Leg(far, "B", ratio[1])), charge),
        ranges(),
        ranges(),
        st.tuples(ratios, ratios),
        st.integers(0, 500),
    )
    deliveries = st.builds(Delivery, st.integers(1, MONTHS), st.integers(0, 90), st.integers(0, 90))
    return Product(
        scan_tiers=draw(some_tiers()),
        inter_tiers=draw(some_tiers()),
        spreads=tuple(draw(st.lists(spreads, max_size=5))),
        deliveries=tuple(draw(st.lists(deliveries, max_size=2))),
        greater_minimum=draw(st.booleans()),
        caps_option_value=draw(st.booleans()),
        currency=draw(st.integers(0, 1)),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Product], Offsets, list[Contract], list[tuple[int, int]]]:
    products = draw(st.lists(some_products(), min_size=1, max_size=3))
    numbers = st.integers(0, len(products) - 1)
    minimum = draw(st.integers(0, 3_000))
    contracts = draw(
        st.lists(
            st.builds(
                lambda product, month, kind, array, delta, value: Contract(
                    product, month, kind, tuple(array), delta, 0 if kind == "future" else value, minimum
                ),
                numbers,
                st.integers(1, MONTHS),
                st.sampled_from(["future", "call", "put"]),
                st.lists(amounts, min_size=16, max_size=16),
                st.integers(-ONE, ONE) | st.just(ONE),
                st.integers(0, 500),
            ),
            min_size=1,
            max_size=6,
        )
    )
    offsets: Offsets = []
    for _ in range(draw(st.integers(0, 4))):
        near, far = draw(numbers), draw(numbers)
        if near != far:
            rate = st.integers(0, ONE)
            tier = [draw(st.integers(0, max(len(products[number].inter_tiers) - 1, 0))) for number in (near, far)]
            offsets.append(
                (
                    CreditLeg(near, tier[0], "A", draw(ratios), draw(rate)),
                    CreditLeg(far, tier[1], "B", draw(ratios), draw(rate)),
                )
            )
    held = draw(st.lists(st.tuples(st.integers(0, len(contracts) - 1), st.integers(-30, 30)), min_size=1, max_size=8))
    return products, offsets, contracts, held


@given(cases())
def test_rust_and_twin_need_the_same_for_every_portfolio(
    case: tuple[list[Product], Offsets, list[Contract], list[tuple[int, int]]],
) -> None:
    both(*case)
