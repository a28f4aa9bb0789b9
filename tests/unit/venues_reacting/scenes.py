"""Reacting markets without chance, and orders for them."""

from __future__ import annotations

import msgspec

from isthmus.kernel.messages import BUY, GTC, LIMIT
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.answering import Answer, Ended, Filled, NewOrder
from isthmus.venues.reacting.lit import LitVenue
from isthmus.venues.reacting.marketplace import Marketplace
from isthmus.venues.reacting.terms import CallTerms, DarkTerms, DealerTerms, LitTerms, Terms

S, MS = NS_PER_S, 1_000_000
FAIR = 10_000
HALF = 10
TOUCH, BLOCK, GAP = 100, 50, 10
"""At the one lit venue: the best quantity, lots a level behind it, price steps between levels."""
DENSITY = BLOCK / GAP
RHO = 0.1
GAMMA = 0.02
ALWAYS = (1.0,) * 12


def lit_terms(**changes: object) -> LitTerms:
    terms = LitTerms(name="lit", share=1.0, maker_fee_ppm=0, taker_fee_ppm=0, latency_ns=MS, reaction_ns=MS)
    return msgspec.structs.replace(terms, **changes)


def still(**changes: object) -> Terms:
    """One lit venue at which nothing happens by itself for years."""
    terms = Terms(
        symbol="STILL",
        mark=FAIR,
        volatility=1e-15,
        news_per_s=1e-12,
        takers_per_s=1e-12,
        branching=0.0,
        size=tuple(10.0 * one for one in ALWAYS),
        spread=tuple(2.0 * HALF * one for one in ALWAYS),
        touch=tuple(TOUCH * one for one in ALWAYS),
        gap=GAP,
        density=DENSITY,
        gamma=GAMMA,
        resilience=RHO,
        cancels=0.0,
        shape=(1.0,) * 13,
        day_s=23_400.0,
        lit=(lit_terms(),),
        dark=(),
        depth_noise=0.0,
    )
    return msgspec.structs.replace(terms, **changes)


def dark_terms(**changes: object) -> DarkTerms:
    terms = DarkTerms(
        name="dark", taker_fee_ppm=0, wave_s=1.0, zero=0.0, smallest=100.0, tail=2.0, largest=1e4, latency_ns=MS
    )
    return msgspec.structs.replace(terms, **changes)


def call_terms(**changes: object) -> CallTerms:
    terms = CallTerms(name="call", fee_ppm=0, size=2_000.0, opening_s=60.0, closing_s=60.0, latency_ns=MS)
    return msgspec.structs.replace(terms, **changes)


def dealer_terms(**changes: object) -> DealerTerms:
    terms = DealerTerms(name="dealer", half=5.0, root=0.5, largest=10_000, latency_ns=MS)
    return msgspec.structs.replace(terms, **changes)


def venue(terms: Terms | None = None) -> LitVenue:
    """The lit venue alone, quoted around FAIR."""
    market = terms or still()
    made = LitVenue(market.lit[0], market, 0)
    made.requote(FAIR, HALF, (TOUCH, TOUCH, 1.0), 0)
    return made


def order(number: int = 1, side: int = BUY, price: int = FAIR, quantity: int = 100, **terms: int) -> NewOrder:
    fixed = {"kind": LIMIT, "tif": GTC, "flags": 0} | terms
    return NewOrder(order=number, account=9, instrument=1, venue=16, side=side, price=price, quantity=quantity, **fixed)


def fills(answers: list[Answer]) -> list[tuple[int, int, int]]:
    """(order, price, lots)."""
    return [(a.order, a.price, a.quantity) for a in answers if isinstance(a, Filled)]


def ends(answers: list[Answer]) -> list[tuple[int, str]]:
    """(order, reason)."""
    return [(a.order, a.reason) for a in answers if isinstance(a, Ended)]


def told(market: Marketplace) -> list[Answer]:
    """Answers that came back since somebody last asked."""
    return [answer for _, answer in market.take_answers()]
