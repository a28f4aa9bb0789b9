"""Made-up `.spn` files of the real grammar and size of NSE Clearing's (file format 4.00): the same every time.

`python bench/span_file.py FOLDER [CONTRACTS]` writes plain.spn and rules.spn: about 160,000 contracts in 240 products,
55 MB. Each product has a spot price, a few futures and options by expiry and strike, and spreads between all pairs of
its expiries as the exchange lists them (`pLeg`). rules.spn has besides what NSE's files have no example of: four
tiers with spreads between them, a short option minimum, a delivery charge and 200 inter-commodity credits; others pass
them over.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from isthmus.risk.options import UNIT, Option, Series, greeks, price, risk_arrays

SEED = 20_260_625
CONTRACTS = 160_000
PRODUCTS = 240
EXPIRIES = (20_260_630, 20_260_728, 20_260_825, 20_260_929, 20_261_229, 20_270_330)
YEARS = (0.0137, 0.0904, 0.1671, 0.2630, 0.5123, 0.7616)
CREDITS = 200
RATE, LOOK_AHEAD = 0.07, 0.002739
HEAD = (
    '<?xml version="1.0" encoding="ISO-8859-1"?>\r\n<spanFile>\r\n<fileFormat>4.00</fileFormat>\r\n'
    "<created>202606242149</created>\r\n<definitions><currencyDef><currency>INR</currency><symbol>R</symbol>"
    "<name>INDIAN RUPEE</name><decimalPos>2</decimalPos></currencyDef></definitions>\r\n<pointInTime>\r\n"
    "<date>20260625</date><isSetl>0</isSetl><setlQualifier>early</setlQualifier>\r\n<clearingOrg>\r\n<ec>NSCCL</ec>"
    "<name>National Securities Clearing Corporation</name><isContractScale>1</isContractScale>"
    "<isNetMargin>0</isNetMargin>"
    "<finalizeMeth>BY</finalizeMeth><oopDeltaMeth>PERIOD</oopDeltaMeth><capAnov>0</capAnov>"
    "<lookAheadYears>0.002739</lookAheadYears>\r\n"
)
TAIL = "</exchange>\r\n</clearingOrg>\r\n</pointInTime>\r\n</spanFile>\r\n"


class Product(NamedTuple):
    """A product's market."""

    code: str
    number: int
    spot: float
    volatility: float
    scan: float


def products(seed: int) -> list[Product]:
    """Index first; the rest are single stocks."""
    chance = np.random.default_rng(seed)
    spots = np.exp(chance.uniform(np.log(80), np.log(12_000), PRODUCTS)).round(2)
    volatilities = chance.uniform(0.15, 0.6, PRODUCTS).round(4)
    made = [Product("NIFTY", 1, 24_021.65, 0.17, 2_234.01)]
    for number in range(1, PRODUCTS):
        spot, volatility = float(spots[number]), float(volatilities[number])
        made.append(Product(f"STOCK{number:03d}", 3 * number + 1, spot, volatility, round(spot * volatility * 0.35, 2)))
    return made


def write(folder: Path, contracts: int = CONTRACTS) -> tuple[Path, Path]:
    """Writes both files into a folder: `plain.spn`, as NSE's are, and `rules.spn` with all rules."""
    made = products(SEED)
    plain, rules = folder / "plain.spn", folder / "rules.spn"
    with _opened(plain) as first, _opened(rules) as second:
        for stream, full in ((first, False), (second, True)):
            stream.write(HEAD)
            stream.writelines(definition(product, rules=full) for product in made)
            stream.write(inter_spreads(made) if full else "<interSpreads></interSpreads>\r\n")
        for part in exchange(made, contracts):
            first.write(part)
            second.write(part)
        for stream in (first, second):
            stream.write(TAIL)
    return plain, rules


def _opened(file: Path) -> TextIO:
    return file.open("w", encoding="latin-1", newline="")


def exchange(made: list[Product], contracts: int) -> Iterator[str]:
    """All families of contracts."""
    yield "<exchange><exch>NSE</exch><name>National Stock Exchange of India</name>\r\n"
    for product in made:
        yield (
            f"<phyPf><pfId>{product.number}</pfId><pfCode>{product.code}</pfCode><name>{product.code}</name>"
            f"<currency>INR</currency><cvf>1.00</cvf><valueMeth>EQTY</valueMeth><phy><cId>1</cId><pe>00000000</pe>"
            f"<p>{product.spot:.2f}</p><d>0.000000</d><v>0.000000</v><sc>1.00000</sc></phy></phyPf>\r\n"
        )
    yield from map(futures, made)
    strikes = max(2, round((contracts / PRODUCTS - len(EXPIRIES)) / (2 * len(EXPIRIES))))
    for product in made:
        yield from options(product, strikes)


def definition(product: Product, *, rules: bool) -> str:
    """`ccDef`, with a spread for each pair of expiries."""
    links = "".join(
        f"<pfLink><exch>NSE</exch><pfId>{product.number + place}</pfId><pfCode>{product.code}</pfCode>"
        f"<pfType>{sort}</pfType><sc>1.00000</sc></pfLink>"
        for place, sort in enumerate(("PHY", "FUT", "OOP"))
    )
    charge = f"{product.spot * 0.0177:.6f}"
    pairs = "".join(
        f"<dSpread><spread>{number}</spread><chargeMeth>F</chargeMeth><rate><r>1</r><val>{charge}</val></rate>"
        f"<pLeg><cc>{product.code}</cc><pe>{near}</pe><rs>A</rs><i>1.000000</i></pLeg>"
        f"<pLeg><cc>{product.code}</cc><pe>{far}</pe><rs>B</rs><i>1.000000</i></pLeg></dSpread>\r\n"
        for number, (near, far) in enumerate(itertools.combinations(EXPIRIES, 2), 1)
    )
    return (
        f"<ccDef><cc>{product.code}</cc><name>{product.code}</name><currency>INR</currency>"
        "<riskExponent>0</riskExponent><capAnov>0</capAnov><procMeth>NORMAL</procMeth><wfprMeth>NORMAL</wfprMeth>"
        "<spotMeth>NORMAL</spotMeth>"
        f"<somMeth>GROSS</somMeth><cmbMeth>NONE</cmbMeth>{links}\r\n{tiers(product) if rules else ''}{pairs}"
        f"{tier_spreads(product) if rules else ''}</ccDef>\r\n"
    )


def tiers(product: Product) -> str:
    """Four tiers, a minimum, and a delivery charge for the first expiry."""
    bounds = ((20_260_601, 20_260_630), (20_260_701, 20_260_831), (20_260_901, 20_261_231), (20_270_101, 20_291_231))
    rows = "".join(
        f"<tier><tn>{number}</tn><sPe>{first}</sPe><ePe>{last}</ePe></tier>"
        for number, (first, last) in enumerate(bounds, 1)
    )
    return (
        f"<intraTiers>{rows}</intraTiers><interTiers>"
        f"<tier><tn>1</tn><sPe>20260601</sPe><ePe>20291231</ePe></tier></interTiers>"
        f"<somTiers><tier><tn>0</tn><rate><r>1</r><val>{product.spot * 0.001:.2f}</val></rate></tier></somTiers>"
        f"<spotRate><r>1</r><pe>{EXPIRIES[0]}</pe><sprd>{product.spot * 0.002:.2f}</sprd>"
        f"<outr>{product.spot * 0.01:.2f}</outr></spotRate>\r\n"
    )


def tier_spreads(product: Product) -> str:
    """Within and between tiers, after the pairs."""
    pairs = itertools.combinations_with_replacement(range(1, 5), 2)
    return "".join(
        f"<dSpread><spread>{100 + number}</spread><chargeMeth>F</chargeMeth><rate><r>1</r>"
        f"<val>{product.spot * 0.02:.6f}</val></rate>"
        f"<tLeg><cc>{product.code}</cc><tn>{near}</tn><rs>A</rs><i>1.000000</i></tLeg>"
        f"<tLeg><cc>{product.code}</cc><tn>{far}</tn><rs>B</rs><i>1.000000</i></tLeg></dSpread>\r\n"
        for number, (near, far) in enumerate(pairs)
    )


def inter_spreads(made: list[Product]) -> str:
    """Credits between products picked by chance."""
    chance = np.random.default_rng(SEED + 1)
    rows = []
    for number in range(1, CREDITS + 1):
        near, far = chance.choice(len(made), 2, replace=False)
        rows.append(
            f"<dSpread><spread>{number}</spread><chargeMeth>W</chargeMeth><rate><r>1</r>"
            f"<val>{chance.uniform(0.3, 0.8):.4f}</val></rate>"
            f"<tLeg><cc>{made[near].code}</cc><tn>1</tn><rs>A</rs><i>1.000000</i></tLeg>"
            f"<tLeg><cc>{made[far].code}</cc><tn>1</tn><rs>B</rs><i>{chance.integers(1, 4)}.000000</i></tLeg>"
            "</dSpread>\r\n"
        )
    return f"<interSpreads>{''.join(rows)}</interSpreads>\r\n"


def futures(product: Product) -> str:
    """`futPf`: an array is what the price falls by, with the same extreme moves as options."""
    head = (
        f"<futPf><pfId>{product.number + 1}</pfId><pfCode>{product.code}</pfCode><name>{product.code}</name>"
        "<currency>INR</currency><cvf>1.00</cvf><priceDl>2</priceDl><valueMeth>FUT</valueMeth>"
        "<priceMeth>NRML</priceMeth><setlMeth>CASH</setlMeth>\r\n"
    )
    rows = []
    for number, (expiry, years) in enumerate(zip(EXPIRIES, YEARS, strict=True), 1):
        level = product.spot * float(np.exp(RATE * years))
        moves = (0, 1, -1, 2, -2, 3, -3)
        losses = [-move * product.scan / 3 for move in moves for _ in range(2)]
        losses += [-0.7 * product.scan, 0.7 * product.scan]
        array = "".join(f"<a>{loss:.2f}</a>" for loss in losses)
        rows.append(
            f"<fut><cId>{number}</cId><pe>{expiry}</pe><p>{level:.2f}</p><d>1.00000000</d>"
            f"<v>{product.volatility:.4f}</v><cvf>1.00</cvf><sc>1.00000</sc><setlDate>{expiry}</setlDate>"
            f"<t>{years:.6f}</t><intrRate><val>{RATE}</val><rl>0</rl><cpm>0</cpm><exm>12</exm></intrRate>"
            f"<scanRate><r>1</r><priceScan>{product.scan:.2f}</priceScan><volScan>0.04</volScan></scanRate>"
            f"<ra><r>1</r>{array}<d>1.00000</d></ra></fut>\r\n"
        )
    return head + "".join(rows) + "</futPf>\r\n"


def options(product: Product, strikes: int) -> Iterator[str]:
    """`oopPf`, with arrays by our own pricing."""
    yield (
        f"<oopPf><pfId>{product.number + 2}</pfId><pfCode>{product.code}</pfCode><name>{product.code}</name>"
        "<exercise>EURO</exercise><currency>INR</currency><cvf>1.00</cvf><priceDl>2</priceDl><strikeDl>2</strikeDl>"
        "<valueMeth>EQTY</valueMeth><priceMeth>NRML</priceMeth><setlMeth>CASH</setlMeth><priceModel>BS</priceModel>\r\n"
    )
    levels = np.round(np.linspace(0.75, 1.25, strikes) * product.spot, 2)
    for expiry, years in zip(EXPIRIES, YEARS, strict=True):
        series = _series(product, years, levels)
        losses, deltas = risk_arrays([series])
        yield (
            f"<series><pe>{expiry}</pe><v>{product.volatility:.4f}</v><setlDate>{expiry}</setlDate><t>{years:.6f}</t>"
            f"<cvf>1.00</cvf><sc>1.00000</sc><intrRate><val>{RATE}</val><rl>0</rl><cpm>0</cpm><exm>12</exm></intrRate>"
            f"<scanRate><r>1</r><priceScan>{product.scan:.2f}</priceScan><volScan>0.04</volScan></scanRate>\r\n"
        )
        for place, (row, delta) in enumerate(zip(losses.tolist(), deltas.tolist(), strict=True)):
            yield _option(series, place, row, delta)
        yield "</series>\r\n"
    yield "</oopPf>\r\n"


def _series(product: Product, years: float, levels: np.ndarray) -> Series:
    both = np.repeat(levels, 2)
    smile = 1 + 0.6 * (both / product.spot - 1) ** 2
    return Series(
        underlying=product.spot,
        years=years,
        rate=RATE,
        carry=RATE,
        price_scan=product.scan,
        volatility_scan=0.04,
        extreme_multiple=2.0,
        cover=0.35,
        strikes=both,
        volatilities=np.round(product.volatility * smile, 4),
        calls=np.tile([True, False], len(levels)),
        look_ahead=LOOK_AHEAD,
    )


def _option(series: Series, place: int, losses: list[int], delta: int) -> str:
    option = Option(
        right="call" if series.calls[place] else "put",
        underlying=series.underlying,
        strike=float(series.strikes[place]),
        years=series.years,
        rate=series.rate,
        carry=series.carry,
        volatility=float(series.volatilities[place]),
    )
    worth, own = price("black_scholes", option), greeks("black_scholes", option).delta
    array = "".join(f"<a>{loss / UNIT:.2f}</a>" for loss in losses)
    return (
        f"<opt><cId>{place + 1}</cId><o>{'C' if series.calls[place] else 'P'}</o><k>{option.strike:.2f}</k>"
        f"<p>{worth:.2f}</p><pq>1</pq><d>{own:.4f}</d><v>{option.volatility:.4f}</v>"
        f"<ra><r>1</r>{array}<d>{delta / UNIT:.4f}</d></ra></opt>\r\n"
    )


if __name__ == "__main__":
    print(*write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else CONTRACTS))
