"""The row of `isthmus bench margin` for ISDA SIMM, beside Open Source Risk Engine over the same file.

ORE runs in a process of its own (bench/simm_ore.py), under a time limit; both read the file and give every portfolio's
total, and the totals must agree to a dollar, or the peer's row says "wrong".
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from isthmus.app.bench_report import Peer, Row
from isthmus.risk.simm import Sensitivities

NAME = "simm_portfolios"
RATIO_GOAL = 10
PEER, PACKAGE = "Open Source Risk Engine", "open-source-risk-engine"
SCRIPT = Path(__file__).parents[3] / "bench" / "simm_ore.py"
PORTFOLIOS, ROUNDS, SEED = 500, 5, 2_5
LIMIT_S = 300
HEADER = (
    "TradeID,PortfolioID,ProductClass,RiskType,Qualifier,Bucket,Label1,Label2,Amount,AmountCurrency,AmountUSD,"
    "IMModel,CollectRegulations,PostRegulations"
)
CURRENCIES = ("USD", "EUR", "GBP", "JPY", "CHF", "BRL", "CNY", "MXN")
TENORS = ("2w", "1m", "3m", "6m", "1y", "2y", "3y", "5y", "10y", "15y", "20y", "30y")


def rows() -> Iterator[tuple[Row, Peer]]:
    """One row and its peer: portfolios a second, the file's reading included."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "crif.csv"
        file.write_text(crif(PORTFOLIOS))
        times, totals = [], {}
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            read = Sensitivities(file.read_text())
            margins = read.margins(read.portfolios())
            times.append(time.perf_counter() - begun)
            totals = {name: margin.total for name, margin in margins.items()}
        rate = PORTFOLIOS / statistics.median(times)
        peer = _peer(file, totals, rate)
    reached = peer.ratio is not None and peer.ratio >= RATIO_GOAL
    yield Row(name=NAME, unit="portfolios/s", value=round(rate), rounds=ROUNDS, ok=reached), peer


def crif(portfolios: int) -> str:
    """Sensitivities of so many portfolios, of every class of risk; the same for the same number."""
    chance = random.Random(SEED)  # noqa: S311 - a workload, not a secret
    lines = [HEADER]
    for number in range(portfolios):
        lines += [_line(chance, f"P{number}", f"T{number}-{at}") for at in range(chance.randint(4, 12))]
    return "\n".join(lines) + "\n"


def _line(chance: random.Random, portfolio: str, trade: str) -> str:
    amount = chance.randint(-400_000, 400_000) * 25
    tenor, currency = chance.choice(TENORS), chance.choice(CURRENCIES)
    number = str(chance.randint(1, 11))
    middle = chance.choice((
        f"RatesFX,Risk_IRCurve,{currency},1,{tenor},Libor3m",
        f"RatesFX,Risk_IRVol,{currency},,{tenor},",
        f"RatesFX,Risk_FX,{currency},,,",
        f"RatesFX,Risk_FXVol,USD{chance.choice(CURRENCIES[1:])},,{tenor},",
        f"Credit,Risk_CreditQ,ISIN:XX{chance.randint(1, 40):010},{number},{chance.choice(('1y', '5y', '10y'))},USD",
        f"Equity,Risk_Equity,ISIN:XY{chance.randint(1, 40):010},{number},,",
        f"Equity,Risk_EquityVol,ISIN:XY{chance.randint(1, 40):010},{number},{tenor},",
        f"Commodity,Risk_Commodity,Thing {chance.randint(1, 40)},{number},,",
        f"Commodity,Risk_CommodityVol,Thing {chance.randint(1, 40)},{number},{tenor},",
    ))  # fmt: skip
    return f"{trade},{portfolio},{middle},{amount},USD,{amount},SIMM,,"


def _peer(file: Path, totals: dict[str, float], rate: float) -> Peer:
    try:
        package = version(PACKAGE)
    except PackageNotFoundError:
        return Peer(name=PEER, row=NAME, reason=f"{PACKAGE} is not installed: make bench installs it")
    try:
        ran = subprocess.run([sys.executable, str(SCRIPT), str(file)], capture_output=True, timeout=LIMIT_S, check=True)
        told = msgspec.json.decode(ran.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return Peer(name=PEER, version=package, row=NAME, status="timeout", reason=f"no answer in {LIMIT_S} s")
    except (subprocess.CalledProcessError, msgspec.DecodeError, IndexError) as fault:
        return Peer(name=PEER, version=package, row=NAME, status="missing", reason=str(fault))
    theirs = len(totals) / told["seconds"]
    differing = [name for name, total in totals.items() if abs(total - told["totals"].get(name, 0)) > 1]
    return Peer(
        name=PEER, version=package, row=NAME, value=round(theirs), ratio=round(rate / theirs, 1),
        status="wrong" if differing else "ok", reason=f"differ: {', '.join(differing[:5])}" if differing else None,
    )  # fmt: skip
