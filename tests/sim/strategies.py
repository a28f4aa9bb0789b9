"""Markets and sessions for the twin tests: a listing of everything the engine knows, and commands that meet each other.

A session is a list of (command, time). Every command makes one record, so that an order's number is known before it
runs: the position of its PlaceOrder in the session.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.oracle.messages import NO_ID, code, commands, symbol
from tests.oracle.values import AMOUNT_MAX

HOUR_NS = 3_600 * 10**9
START = 1_700_000_000 * 10**9

USD, EUR, BTC, XYZ = 1, 2, 3, 4
EQUITY, FX, CRYPTO, PERP, LOOSE_PERP = 1, 2, 3, 4, 5
INSTRUMENTS = (EQUITY, FX, CRYPTO, PERP, LOOSE_PERP)
ALICE, BOB, CAROL, POOR, DESK, VENUE, OTHER_VENUE = range(16, 23)
TRADERS = (ALICE, BOB, CAROL, POOR, DESK)
# The engine keeps neighbouring prices in pages of 512: two instruments trade around the edge of one.
MID = {EQUITY: 100, FX: 215 * 512, CRYPTO: 100_000, PERP: 512, LOOSE_PERP: 40}
TICK = {EQUITY: 1, FX: 1, CRYPTO: 5, PERP: 1, LOOSE_PERP: 1}
LOT = {EQUITY: 1, FX: 1, CRYPTO: 10, PERP: 1, LOOSE_PERP: 2}

Session = list[tuple[Any, int]]


RATES = ((0, 0), (100, 200), (-50, 75), (300, -100), (-20_000, 99_999), (99_999, -50_000), (7, 7))


def _assets(giant: bool) -> list[Any]:
    named = [("USD", 2), ("EUR", 2), ("BTC", 18 if giant else 8), ("XYZ", 0)]
    return [commands.AddAsset(code(name), decimals) for name, decimals in named]


def _listing(chance: Random) -> list[Any]:
    """The five instruments; fees, collars and margins differ from session to session."""
    names = ["XYZ", "EUR/USD", "BTC/USD", "BTC-PERP", "XYZ-PERP"]
    pairs = [(XYZ, USD), (EUR, USD), (BTC, USD), (BTC, USD), (XYZ, EUR)]
    decimals = [(2, 0), (5, 2), (2, 4), (1, 0), (1, 0)]
    listed = []
    for at, number in enumerate(INSTRUMENTS):
        maker, taker = chance.choice(RATES)
        perpetual = number in (PERP, LOOSE_PERP)
        collar = {CRYPTO: 300, PERP: chance.choice([40, 1_000])}.get(number, 0)
        margin = chance.choice([10_000, 5_000, 333]) if perpetual else 0
        mark = MID[number] if perpetual or chance.random() < 0.3 else 0
        multiplier = chance.choice([1, 10, 10_000]) if perpetual else 1
        rates = (TICK[number], LOT[number], multiplier, maker, taker, collar, margin, mark)
        kind = min(number, 4)
        listed.append(commands.AddInstrument(symbol(names[at]), kind, *pairs[at], *decimals[at], *rates))
    return listed


def _funding(chance: Random, giant: bool) -> list[Any]:
    """The poor account has almost nothing; the others have enough for most of what they try."""
    rich = {USD: 5_000_000, EUR: 1_000_000, BTC: 10**8, XYZ: 500}
    if giant:
        rich = dict.fromkeys(rich, AMOUNT_MAX)
    poor = {USD: chance.choice([50, 2_000, 60_000]), XYZ: 3}
    funds = [(account, rich) for account in (ALICE, BOB, CAROL, DESK)] + [(POOR, poor)]
    return [commands.Deposit(who, asset, amount, NO_ID) for who, purse in funds for asset, amount in purse.items()]


def opening(seed: int, giant: bool = False) -> Session:
    """What every session begins with."""
    chance = Random(seed)
    accounts = [commands.OpenAccount(kind, NO_ID) for kind in (1, 1, 1, 1, 2, 3, 3)]
    setup = _assets(giant) + _listing(chance) + accounts + _funding(chance, giant)
    return [(command, START + at) for at, command in enumerate(setup)]


ODD_NUMBERS = (-1, 0, 3, 2**63 - 1, -(2**63), 10**12 + 1, 10**15 + 1, 10**12, 10**15)
ODD_WORDS = (0, 3, 5, 9, 255)
ODD_IDS = (0, 1, 4, 15, 23, 99, 2**32 - 1)


@dataclass
class Author:
    """Writes a session command by command, with chance handed in; remembers which orders it placed.

    Most commands concern the `favourites`, so that orders meet. A `giant` session tries amounts around 64 bits.
    """

    chance: Random
    written: Session
    now: int = START + 1_000
    placed: list[tuple[int, Any]] = field(default_factory=list)
    ids: int = 0
    favourites: tuple[int, ...] = INSTRUMENTS
    giant: bool = False
    doubled: bool = False

    def odd(self, value: int, among: tuple[int, ...], rate: float = 0.01) -> int:
        """Now and then something that is not `value`."""
        return self.chance.choice(among) if self.chance.random() < rate else value

    def client_id(self) -> bytes:
        """None, a new one, or one that may have been used."""
        drawn = self.chance.random()
        if drawn < 0.5:
            return NO_ID
        if drawn < 0.9:
            self.ids += 1
        return max(1, self.ids).to_bytes(16, "little")

    def account(self) -> int:
        return self.odd(self.chance.choice(TRADERS), (*ODD_IDS, VENUE))

    def instrument(self) -> int:
        drawn = self.chance.random()
        return self.chance.choice(self.favourites if drawn < 0.9 else INSTRUMENTS if drawn < 0.99 else ODD_IDS)

    def price(self, instrument: int) -> int:
        tick = TICK.get(instrument, 1)
        if self.giant and self.chance.random() < 0.3:
            return self.chance.choice((10**15, 10**12, 10**9, 9_223_370, tick))
        away = self.chance.randint(-4, 4) * (1 if self.chance.random() < 0.97 else 9)
        return self.odd(MID.get(instrument, 100) + tick * away, ODD_NUMBERS)

    def quantity(self, instrument: int) -> int:
        lots = self.chance.choice((1, 2, 3, 5) if self.chance.random() < 0.8 else (8, 30, 700))
        if self.giant and self.chance.random() < 0.4:
            lots = self.chance.choice((10**12, 10**11, 10**9, 9_223_372)) // LOT.get(instrument, 1)
        return self.odd(LOT.get(instrument, 1) * lots, ODD_NUMBERS)

    def order(self) -> tuple[int, Any]:
        """An order placed before, a recent one more often: its number and how it was placed."""
        if not self.placed or self.chance.random() < 0.02:
            return self.chance.choice((0, 7, 10**9, 2**64 - 1)), None
        may_live = [one for one in self.placed if one[1].kind == 1 and one[1].tif in (1, 4)]
        among = may_live if may_live and self.chance.random() < 0.95 else self.placed
        return among[-1 - min(int(self.chance.expovariate(0.25)), len(among) - 1)]

    def write(self, command: Any) -> None:
        """Takes the next number and moment."""
        self.now += self._passing()
        self.written.append((command, self.now))
        if self.doubled and identified(command):
            self.written.append((command, self.now))
        if type(command).__name__ == "PlaceOrder":
            self.placed.append((len(self.written) - (self.doubled and identified(command)), command))

    def _passing(self) -> int:
        drawn = self.chance.random()
        if drawn < 0.03:
            return -self.chance.randint(1, 10**6)
        return 25 * HOUR_NS if drawn < 0.05 else self.chance.randint(0, 10**6)


def _place(a: Author) -> Any:
    chance, instrument = a.chance, a.instrument()
    kind = a.odd(1 if chance.random() < 0.85 else 2, ODD_WORDS)
    tif = a.odd(chance.choice((1, 1, 1, 1, 1, 1, 2, 3, 4)), ODD_WORDS)
    flags = a.odd(1 if chance.random() < 0.06 else 0, (2, 128))
    venue = a.odd(chance.choice((VENUE, OTHER_VENUE)) if chance.random() < 0.15 else 0, (*ODD_IDS, ALICE), 0.005)
    price = a.odd(0, ODD_NUMBERS) if kind == 2 else a.price(instrument)
    words = (a.odd(chance.choice((1, 2)), ODD_WORDS), kind, tif, flags)
    return commands.PlaceOrder(a.account(), instrument, venue, *words, price, a.quantity(instrument), a.client_id())


def _owner(a: Author, placed: Any) -> int:
    """Mostly the owner, sometimes an operator, somebody else, or nobody."""
    drawn = a.chance.random()
    if placed is None or drawn < 0.06:
        return a.account()
    return 0 if drawn < 0.2 else int(placed.account)


def _cancel(a: Author) -> Any:
    order, placed = a.order()
    return commands.CancelOrder(order, _owner(a, placed), a.chance.choice((0, 0, 4, 10, 11)), a.client_id())


def _replace(a: Author) -> Any:
    order, placed = a.order()
    instrument = placed.instrument if placed else EQUITY
    price = a.price(instrument) if placed is None or a.chance.random() < 0.5 else placed.price
    quantity = a.quantity(instrument)
    if placed and a.chance.random() < 0.4:
        quantity = max(1, placed.quantity - LOT.get(instrument, 1))
    return commands.ReplaceOrder(order, _owner(a, placed), price, quantity, a.client_id())


def _money(a: Author) -> Any:
    asset = a.odd(a.chance.randint(1, 4), ODD_IDS, 0.04)
    amount = a.odd(a.chance.choice((1, 100, 10_000, 10**6)), ODD_NUMBERS, 0.06)
    who = a.account()
    make = a.chance.choice(("deposit", "withdraw", "transfer"))
    if make == "deposit":
        return commands.Deposit(who, asset, amount, a.client_id())
    if make == "withdraw":
        return commands.Withdraw(who, asset, amount, a.client_id())
    return commands.Transfer(who, a.account(), asset, amount, a.client_id())


def _mark(a: Author) -> Any:
    instrument = a.odd(a.chance.choice((CRYPTO, PERP, PERP, LOOSE_PERP)), (*ODD_IDS, EQUITY), 0.05)
    price = a.odd(
        MID.get(instrument, 100) * a.chance.choice((70, 95, 99, 100, 101, 105, 160, 10_000)) // 100, ODD_NUMBERS
    )
    if a.giant:
        price = a.price(instrument)
    return commands.Mark(instrument, a.odd(a.chance.choice((0, 1, 1)), ODD_WORDS), 7, price)


def _venue_filled(a: Author) -> Any:
    """Mostly what the order asked for; now and then too much, too dear, too late, or of another order."""
    order, placed = a.order()
    fill_id = a.odd(a.chance.randint(1, 40), (0,)).to_bytes(16, "big")
    if placed is None or a.chance.random() < 0.04:
        instrument, words = a.instrument(), (a.odd(1, ODD_WORDS, 0.2), a.odd(2, ODD_WORDS, 0.2))
        fill = (a.price(instrument), a.quantity(instrument))
        return commands.VenueFilled(order, a.odd(VENUE, ODD_IDS, 0.2), a.account(), instrument, *words, *fill, fill_id)
    venue = placed.venue or VENUE
    price = placed.price if a.chance.random() < 0.6 and placed.price > 0 else a.price(placed.instrument)
    quantity = a.chance.choice((1, 2, 3, max(1, placed.quantity), a.quantity(placed.instrument)))
    words = (a.odd(placed.side, (1, 2), 0.05), a.odd(a.chance.choice((1, 2)), ODD_WORDS))
    account = a.account() if a.chance.random() < 0.04 else placed.account
    return commands.VenueFilled(order, venue, account, placed.instrument, *words, price, quantity, fill_id)


def _venue_answer(a: Author) -> Any:
    order, placed = a.order()
    venue = a.odd(placed.venue if placed and placed.venue else VENUE, (*ODD_IDS, OTHER_VENUE), 0.05)
    answer = a.chance.choice(("accepted", "cancelled", "replaced"))
    if answer == "accepted":
        return commands.VenueAccepted(order, venue)
    if answer == "cancelled":
        return commands.VenueCancelled(order, venue, a.chance.choice((0, 4, 10, 11)))
    instrument = placed.instrument if placed else EQUITY
    return commands.VenueReplaced(order, venue, a.price(instrument), a.chance.choice((1, 2, 3, a.quantity(instrument))))


def _venue(a: Author) -> Any:
    """An answer about one of the last orders that went to a venue, if there is one."""
    everything = a.placed
    at_venues = [one for one in everything if one[1].venue]
    a.placed = at_venues if at_venues and a.chance.random() < 0.93 else everything
    command = (_venue_filled if a.chance.random() < 0.6 else _venue_answer)(a)
    a.placed = everything
    return command


def _operation(a: Author) -> Any:
    chance = a.chance
    made = chance.randint(0, 6)
    if made == 0:
        return commands.Halt(a.odd(0 if chance.random() < 0.1 else a.instrument(), ODD_IDS), chance.randint(0, 255))
    if made <= 2:
        return commands.Resume(0 if chance.random() < 0.2 else a.instrument())
    if made == 3:
        account = 0 if chance.random() < 0.2 else a.account()
        return commands.CancelAll(account, 0 if chance.random() < 0.4 else a.instrument(), chance.choice((0, 1, 2, 3)))
    if made == 4:
        return commands.OpenAccount(a.odd(chance.randint(1, 3), ODD_WORDS, 0.3), a.client_id())
    if made == 5:
        return commands.TimePassed()
    return commands.AddAsset(code(chance.choice(("USD", "GBP", "gbp", "", "A.B-C_9"))), chance.choice((2, 18, 19)))


def _add_instrument(a: Author) -> Any:
    """Terms around every limit; most are refused for one of them."""
    pick = a.chance.choice
    name = symbol(pick(("XYZ", f"NEW-{len(a.written)}", f"NEW/{len(a.written)}", "low", "")))
    perpetual = pick((False, True))
    kind = a.odd(4 if perpetual else pick((1, 2, 3)), ODD_WORDS, 0.05)
    pair = (a.odd(pick((BTC, XYZ)), ODD_IDS, 0.05), a.odd(pick((USD, EUR, BTC)), ODD_IDS, 0.05))
    decimals = (a.odd(pick((0, 2, 3)), (9, 12, 13), 0.1), a.odd(0, (1, 8, 9, 12, 13), 0.1))
    lots = (a.odd(1, ODD_NUMBERS, 0.05), a.odd(1, ODD_NUMBERS, 0.05))
    multiplier = a.odd(1, (0, 2, 10**9, 10**9 + 1, -1), 0.1)
    fees = pick(((0, 0), (100_000, -100_000), (-100_001, 0), (5, -6), (2**31 - 1, -(2**31))))
    limits = (a.odd(0, (9_999, 10_000), 0.1), a.odd(10_000 if perpetual else 0, (0, 1, 10_001), 0.1))
    mark = a.odd(100 if perpetual else 0, ODD_NUMBERS, 0.1)
    return commands.AddInstrument(name, kind, *pair, *decimals, *lots, multiplier, *fees, *limits, mark)


WRITERS = (_place, _cancel, _replace, _money, _mark, _venue, _operation, _add_instrument)
WEIGHTS = (56, 8, 9, 5, 6, 10, 5, 1)


def identified(command: Any) -> bool:
    """Does it carry an id that makes it count once?"""
    return (getattr(command, "client_id", None) or getattr(command, "fill_id", NO_ID)) != NO_ID


def session(seed: int, length: int, doubled: bool = False) -> Session:
    """An opening and `length` commands, the same for the same seed; `doubled`: what has an id comes twice in a row."""
    chance = Random(seed)
    giant = chance.random() < 0.08
    a = Author(
        chance,
        opening(seed, giant),
        giant=giant,
        doubled=doubled,
        favourites=tuple(chance.sample(INSTRUMENTS, k=chance.randint(1, 3))),
    )
    for writer in chance.choices(WRITERS, WEIGHTS, k=length):
        repeats = chance.random() < 0.04
        a.write(chance.choice(a.written)[0] if repeats else writer(a))
    return a.written
