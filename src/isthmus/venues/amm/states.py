"""Pool states from files: events of a Uniswap v3 pool (its state after the last one), tables of its ticks, states of
Curve's pools.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec

from isthmus.engine.pools import Pool, PoolRefused
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import open_input
from isthmus.venues.amm.events import events_of, number_in, read_json
from isthmus.venues.amm.replay import played_through

TOKENS = {
    "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2": ("WETH", 18),
    "0xc18360217d8f7ab5e7c516566761ea12ce7f9d72": ("ENS", 18),
    "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48": ("USDC", 6),
    "0xdac17f958d2ee523a2206206994597c13d831ec7": ("USDT", 6),
    "0x6b175474e89094c44da98b954eedeac495271d0f": ("DAI", 18),
    "eth": ("ETH", 18),
    "weth": ("WETH", 18),
    "usdc": ("USDC", 6),
    "usdt": ("USDT", 6),
    "dai": ("DAI", 18),
}
"""Tokens that event files and tick tables name without saying their decimals."""

QUOTES = ("USDC", "USDT", "DAI", "CRVFRAX", "WETH", "ETH")
"""Which token of a pair the other is priced in: the first of these that is in it, else the second token."""

STABLE_TYPES = frozenset(("REGISTRY_V1", "STABLE_FACTORY"))


class Token(msgspec.Struct, frozen=True):
    """A token of a pool; `decimals` of its minor unit on the chain."""

    code: str
    decimals: int


class Pair(msgspec.Struct, frozen=True):
    """Two tokens of a pool, by place, and the instrument that they are traded as. `gas`: what a swap costs
    beside, in units of the quote token, "" when nobody said.
    """

    base: int
    quote: int
    symbol: str
    gas: str = ""


class PoolState(msgspec.Struct, frozen=True):
    """A pool as a file left it; `name` is that of its venue. A journal's fills up to record `after` are in the file."""

    name: str
    pool: Pool
    tokens: tuple[Token, ...]
    pairs: tuple[Pair, ...]
    after: int = 0


def read_states(path: Path) -> list[PoolState]:
    """Every pool of a file. Raises BadInput when it is none of the formats or a pool does not add up."""
    with open_input(path) as source:
        tables = read_json(source)
    try:
        if "swap_events" in tables:
            return [_from_events(tables)]
        if "tickManager" in tables:
            return [_from_ticks(tables)]
        states = [_from_curve(row) for row in tables.values() if isinstance(row, dict) and _is_stable(row)]
    except (PoolRefused, OverflowError) as refusal:
        raise BadInput("pool", " ".join(str(part) for part in refusal.args)) from refusal
    except (KeyError, TypeError, IndexError, AttributeError) as fault:
        raise BadInput("pool", f"lacks or misuses {fault}") from fault
    if not states:
        raise BadInput("pool", "is neither pool events, a tick table nor states of StableSwap pools")
    return states


def _from_events(tables: dict[str, Any]) -> PoolState:
    found, pool = played_through(events_of(tables))
    if not found.clean:
        raise BadInput("swap_events", "do not come out as recorded: see `isthmus dex swaps`")
    row = tables["pool"]
    return _uniswap(pool, [str(row["token0"]), str(row["token1"])], number_in(row, "fee", "pool"))


def _from_ticks(tables: dict[str, Any]) -> PoolState:
    fee = number_in(tables, "fee", "file")
    pool = Pool.concentrated(fee, number_in(tables, "tickSpacing", "file"), number_in(tables, "sqrtPriceX96", "file"))
    values = [row["value"] for row in tables["tickManager"]["ticks_json"]]
    names = ("tickIndex", "liquidityGross", "liquidityNet")
    rows = [tuple(number_in(value, name, "ticks_json") for name in names) for value in values]
    tick, liquidity = number_in(tables, "tickCurrent", "file"), number_in(tables, "liquidity", "file")
    taken = pool.with_ticks(tick, liquidity, [(at, gross, net) for at, gross, net in rows])
    return _uniswap(taken, [str(tables["token0"]), str(tables["token1"])], fee)


def _uniswap(pool: Pool, names: list[str], fee: int) -> PoolState:
    known = [TOKENS.get(name.lower()) for name in names]
    for name, token in zip(names, known, strict=True):
        if token is None:
            raise BadInput("token", f"the decimals of {name} are not known here")
    tokens = tuple(Token(*token) for token in known if token)
    pair = "-".join(token.code.lower() for token in tokens)
    return PoolState(f"uniswap-v3-{pair}-{fee}", pool, tokens, pairs_of(tokens))


def _is_stable(row: dict[str, Any]) -> bool:
    return row.get("pool_type") in STABLE_TYPES


def _from_curve(row: dict[str, Any]) -> PoolState:
    """A base pool's share counts by its virtual price; every other coin by its decimals."""
    coins, terms = row["coins"], row["params"]
    rates = [10 ** (36 - decimals) for decimals in coins["decimals"]]
    if row["basepool"]:
        rates[-1] = row["basepool"]["reserves"]["virtual_price"]
    pool = Pool.stable(row["reserves"]["unnormalized_by_coin"], rates, terms["A"], (terms["fee"], terms["admin_fee"]))
    tokens = tuple(
        Token(name.upper(), decimals) for name, decimals in zip(coins["names"], coins["decimals"], strict=True)
    )
    return PoolState(f"curve-{row['symbol'].lower()}", pool, tokens, pairs_of(tokens))


def pairs_of(tokens: tuple[Token, ...]) -> tuple[Pair, ...]:
    """Every pair of a pool's tokens, each as an instrument of its own name."""

    def rank(place: int) -> tuple[int, int]:
        code = tokens[place].code
        return QUOTES.index(code) if code in QUOTES else len(QUOTES), -place

    both = (sorted(pair, key=rank, reverse=True) for pair in combinations(range(len(tokens)), 2))
    return tuple(Pair(base, quote, f"{tokens[base].code}/{tokens[quote].code}") for base, quote in both)
