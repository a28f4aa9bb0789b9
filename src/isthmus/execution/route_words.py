"""What happened to a source or a route, in sentences: every event of the consolidated book with its figures in units
that a dealer reads. docs/reference/routing.md lists the rules and the figures of each.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from isthmus.execution.book import Event
from isthmus.kernel.values import NS_PER_S, short_text, text

PPM = 1_000_000
ALL_IN = 1_000_000
"""Parts of a price step in which the book keeps prices."""
VOTES = ("own", "others", "band")
"""The three checks of a breaker, in the order of the bits of an event's first figure."""
CHECKS = ("its own past", "the other venues", "the hard band")
NS_PER_MS = 1_000_000
MINUTE_S, HOUR_S = 60, 3_600
SHORT_NS = NS_PER_S
"""Times below are told in milliseconds."""
PIP_DECIMALS = {True: 2, False: 4}
"""Of currencies: where a pip stands when the quote asset is the yen, and when it is not."""


class Units(msgspec.Struct, frozen=True):
    """How an instrument's figures are written. `pip_decimals`: where its pip stands, None where distances are told in
    per cent; `venue` names a venue by its number.
    """

    price_decimals: int
    venue: Callable[[int], str]
    pip_decimals: int | None = None

    def price(self, all_in: int) -> str:
        """A price of the book (price steps x 10^6) with one decimal more than the instrument's, if it needs it."""
        tenths = round(all_in * 10 / ALL_IN)
        if tenths % 10 == 0:
            return text(tenths // 10, self.price_decimals)
        return text(tenths, self.price_decimals + 1)

    def apart(self, one: int, other: int) -> str:
        """The distance of two prices: "1,000 pips", "0.42 %"."""
        if self.pip_decimals is None:
            return percent(abs(one - other), max(1, abs(other)))
        pips = abs(one - other) / ALL_IN / 10 ** (self.price_decimals - self.pip_decimals)
        return f"{pips:,.1f}".removesuffix(".0") + (" pip" if pips == 1 else " pips")


def units_of(kind: str, quote: str, price_decimals: int, venue: Callable[[int], str]) -> Units:
    """By the kind of instrument: only currencies have pips, and only as far as their prices go."""
    pip = PIP_DECIMALS[quote == "JPY"] if kind == "fx_spot" else None
    return Units(price_decimals, venue, pip if pip is not None and pip <= price_decimals else None)


def described(event: Event, units: Units) -> str:
    """The event in a sentence, with what was seen and what it was held against."""
    said = BEGAN if event.on else ENDED
    return said[event.reason](event.figures, units)


def percent(part: int, whole: int) -> str:
    """A share with three digits that count: "9.09 %", "0.0012 %"."""
    share = 100 * part / whole
    return f"{share:.3g} %" if share < 100 else f"{share:,.0f} %"


def duration(ns: int) -> str:
    """Milliseconds below a second, then seconds, minutes, hours."""
    ns = abs(ns)
    if ns < SHORT_NS:
        return f"{ns / NS_PER_MS:.3g} ms"
    seconds = ns / NS_PER_S
    if seconds < MINUTE_S:
        return f"{seconds:.1f} s"
    if seconds < HOUR_S:
        return f"{seconds / MINUTE_S:.1f} minutes"
    hours = short_text(round(seconds / HOUR_S * 10), 1)
    return hours + (" hour" if hours == "1" else " hours")


def bps(billionths: int) -> str:
    """A share of the price, told in 10^-9."""
    return f"{billionths / 100_000:,.2f} bps"


def listed(names: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


Figures = tuple[int, int, int]
Said = Callable[[Figures, Units], str]


def _stale(figures: Figures, _: Units) -> str:
    return f"silent for {duration(figures[0])} while the others moved {figures[1]:,} times"


def _crossed(figures: Figures, units: Units) -> str:
    relation = "at" if figures[0] == figures[1] else "over"
    return f"its bid of {units.price(figures[0])} is {relation} its ask of {units.price(figures[1])}"


def _with_others(figures: Figures, _: Units) -> str:
    return f"crossed with most of {figures[1]} others in {percent(figures[0], PPM)} of its updates"


def _skewed(figures: Figures, units: Units) -> str:
    _apart, own, median = figures
    return f"its middle of {units.price(own)} is {units.apart(own, median)} from the others' {units.price(median)}"


def _shifted(figures: Figures, units: Units) -> str:
    shift, correlation, other = figures
    side = "behind" if shift < 0 else "ahead of"
    return f"its clock is {duration(shift)} {side} that of {units.venue(other)} (correlation {correlation / PPM:.2f})"


def _sequence(figures: Figures, _: Units) -> str:
    return f"its update {figures[1]:,} came where {figures[0]:,} was due"


def _stale_level(figures: Figures, units: Units) -> str:
    price, side, updates = figures
    name = "ask" if side else "bid"
    return f"crossed while its best {name} of {units.price(price)} stayed the same for {updates:,} updates"


def _malformed(figures: Figures, _: Units) -> str:
    return f"its update number {figures[0]:,} makes no sense"


def _rate(figures: Figures, _: Units) -> str:
    return f"{figures[0]:,} updates within a second, {figures[1]:,} at most are usual"


def _spread(figures: Figures, _: Units) -> str:
    return f"its spread is {bps(figures[0])}, {bps(figures[1])} at most are usual"


def _lead(figures: Figures, _: Units) -> str:
    lag, usual = figures[:2]
    return f"it is {duration(lag)} {_late(lag)} the others, usual are {duration(usual)} {_late(usual)} them"


def _late(lag: int) -> str:
    return "ahead of" if lag < 0 else "behind"


def _backup(figures: Figures, units: Units) -> str:
    return f"stands in for {units.venue(figures[0])}"


def _locked(figures: Figures, units: Units) -> str:
    against = [check for bit, check in enumerate(CHECKS) if figures[0] >> bit & 1]
    verb = "vote" if len(against) > 1 else "votes"
    return f"{listed(against)} {verb} against its {units.price(figures[1])}{_held_against(figures, units)}"


def _held_against(figures: Figures, units: Units) -> str:
    _votes, own, against = figures
    return f": {units.apart(own, against)} from {units.price(against)}" if against else ""


def _agreed(figures: Figures, units: Units) -> str:
    return f"the checks agree with its {units.price(figures[1])} again{_held_against(figures, units)}"


def _plain(sentence: str) -> Said:
    return lambda _figures, _units: sentence


BEGAN: dict[str, Said] = {
    "stale": _stale,
    "crossed": _crossed,
    "crossed_with_others": _with_others,
    "skewed": _skewed,
    "clock_shift": _shifted,
    "sequence": _sequence,
    "stale_level": _stale_level,
    "malformed": _malformed,
    "rate": _rate,
    "spread": _spread,
    "lead": _lead,
    "backup": _backup,
    "votes": _locked,
    "held": _plain("taken out by hand"),
}
"""What is said when a mark is set, by the rule that set it."""

ENDED: dict[str, Said] = {
    "stale": _plain("it quotes again"),
    "crossed": _plain("its bid is below its ask again"),
    "crossed_with_others": lambda figures, _: (
        f"crossed with most others in {percent(figures[0], PPM)} of its updates only"
    ),
    "skewed": lambda figures, units: f"its middle of {units.price(figures[1])} is with the others' again",
    "clock_shift": lambda figures, units: f"its clock is that of {units.venue(figures[2])} again",
    "sequence": _plain("a new snapshot came"),
    "stale_level": _plain("both of its sides move again"),
    "malformed": _plain("its updates make sense again"),
    "rate": lambda figures, _: f"{figures[0]:,} updates within a second are no longer unusual",
    "spread": lambda figures, _: f"its spread of {bps(figures[0])} is no longer unusual",
    "lead": lambda figures, _: f"being {duration(figures[0])} {_late(figures[0])} the others is no longer unusual",
    "backup": lambda figures, units: f"{units.venue(figures[0])} is used again",
    "votes": _agreed,
    "held": _plain("given back"),
}
"""What is said when it is taken back."""
