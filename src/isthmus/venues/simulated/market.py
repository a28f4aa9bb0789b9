"""The simulated markets as the server sees them: what is listed, who takes part, and whose turn it is."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from isthmus.kernel.messages import ACCOUNT_HOUSE, INSTRUMENT_KINDS, LINEAR_PERPETUAL, AddInstrument, Mark
from isthmus.venues.simulated.fair import Basis, Fair, Walk
from isthmus.venues.simulated.flow import Accounts, Flow
from isthmus.venues.simulated.listing import ASSETS, STOCK, Listing
from isthmus.venues.simulated.measures import NANOSECONDS
from isthmus.venues.simulated.orders import Conversation, Participant
from isthmus.venues.simulated.parameters import Parameters, facts, parameters

if TYPE_CHECKING:
    from isthmus.engine.engine import Record
    from isthmus.engine.market import Market, MarketDesk

EVENTS_PER_STEP = 16
"""Happenings in one step; a few tens of microseconds each."""
BEHIND_MAX_NS = 2 * NANOSECONDS
"""If the server stood still for longer than this, the time is skipped and not caught up."""
MARK_NS = NANOSECONDS
SETTLEMENT_NS = 60 * NANOSECONDS
SOURCE = 1
"""The source of a mark: 1 says that a simulated market's fair value made it."""
ROLES = ("maker", "patient", "impatient")


def make(seed: int, speed: float, mark_ns: int = MARK_NS) -> Market:
    """The default markets; `speed` 2 plays twice as fast; perpetuals are marked at most each `mark_ns`."""
    return SimulatedMarkets(parameters(), seed, speed, mark_ns)


class SimulatedMarkets:
    """Plays the flows of all listings, and marks their instruments with their fair values."""

    mode = "simulated"

    def __init__(self, models: list[Parameters], seed: int, speed: float, mark_ns: int = MARK_NS) -> None:
        assert speed > 0
        self._mark_ns = mark_ns
        self._models = models
        self._seed = seed
        self._speed = speed
        self._flows: dict[str, Flow] = {}
        self._clocks: list[MarkClock] = []
        self._opened_at = 0
        self._luck = ""
        self._skipped = 0

    def open(self, desk: MarketDesk) -> None:
        """Add what is missing of assets, instruments, accounts and money; carry on at the last prices."""
        self._desk = desk
        self._opened_at = desk.now()
        self._luck = luck(self._seed, desk.engine.sequence)
        assets = {code: desk.asset(code, decimals) for code, decimals in ASSETS.items()}
        accounts = {role: desk.account(f"house:{role}", ACCOUNT_HOUSE) for role in ROLES}
        for account in accounts.values():
            for code, amount in STOCK.items():
                desk.fund(account, assets[code], amount)
        for model in self._models:
            self._list(model, accounts, assets)

    def _list(self, model: Parameters, accounts: dict[str, int], assets: dict[str, int]) -> None:
        """Add one instrument and set its flow going."""
        listing, at = model.listing, self._time(self._opened_at)
        instrument = self._desk.instrument(added(listing, assets))
        fair = fair_value(model, self._desk.engine.reference(instrument), at, self._flows)
        players = Accounts(*(participant(accounts[role], instrument, listing, assets) for role in ROLES))
        flow = Flow(model, fair, players, Random(f"{self._luck} {listing.symbol}"), at)  # noqa: S311
        if listing.tied_to is not None:
            self._flows[listing.tied_to].follower = flow
        self._flows[listing.symbol] = flow
        perpetual = listing.kind == LINEAR_PERPETUAL
        mark_ns = self._mark_ns if perpetual else MARK_NS
        self._clocks.append(MarkClock(instrument, fair, perpetual, self._opened_at, mark_ns))

    def listing(self) -> list[dict[str, Any]]:
        """A row an instrument for the ready line."""
        return [row(model.listing) for model in self._models]

    def step(self, at: int) -> int:
        """Let happen what is due, a few things at most; marks are sent on the way."""
        now = self._time(at)
        behind = now - self._first().next_at
        if behind > BEHIND_MAX_NS:
            self._skipped += behind
            now -= behind
        for _ in range(EVENTS_PER_STEP):
            flow = self._first()
            if flow.next_at > now:
                break
            self._run(flow.step(self._desk.engine))
        for clock in self._clocks:
            if (mark := clock.due(at)) is not None:
                self._desk.submit(mark)
        return at + max(0, int((self._first().next_at - now) / self._speed))

    def on_record(self, record: Record) -> None:
        """Nothing: the participants see the book itself."""

    def close(self) -> None:
        """Leave no quote behind that nobody would move."""
        for flow in self._flows.values():
            self._run(flow.leave())

    def _run(self, conversation: Conversation) -> None:
        answer = None
        while True:
            try:
                command = conversation.send(answer)
            except StopIteration:
                return
            answer = self._desk.submit(command)

    def _first(self) -> Flow:
        """Whose turn it is."""
        return min(self._flows.values(), key=lambda flow: flow.next_at)

    def _time(self, at: int) -> int:
        """The flows' own time: it runs `speed` times as fast and leaves out what was skipped."""
        return self._opened_at + int((at - self._opened_at) * self._speed) - self._skipped


class MarkClock:
    """Says when an instrument is to be marked: each `mark_ns` if its value changed; perpetuals settle each minute."""

    def __init__(self, instrument: int, fair: Fair, perpetual: bool, at: int, mark_ns: int = MARK_NS) -> None:
        self._mark_ns = mark_ns
        self._instrument = instrument
        self._fair = fair
        self._perpetual = perpetual
        self._price = 0
        self._mark_at = at
        self._settle_at = at + SETTLEMENT_NS

    def due(self, at: int) -> Any:
        """The Mark to send now, or None. The price is the model's own value: no order can move it."""
        if at < self._mark_at:
            return None
        price = max(1, round(self._fair.price))
        settlement = self._perpetual and at >= self._settle_at
        self._mark_at = at + self._mark_ns
        if not settlement and price == self._price:
            return None
        if settlement:
            self._settle_at = at + SETTLEMENT_NS
        self._price = price
        return Mark(instrument=self._instrument, settlement=int(settlement), source=SOURCE, price=price)


def luck(seed: int, sequence: int) -> str:
    """What a start draws from: the seed and, unless it is the first, how far the journal has come. With the seed alone
    every start on one journal would repeat the moves of the last one from where they had ended, and the price climb.
    """
    return f"{seed} {sequence}" if sequence else f"{seed}"


def fair_value(model: Parameters, start: int, at: int, others: dict[str, Flow]) -> Fair:
    """A walk from the last price around the first one, or a basis over the value that it is tied to."""
    listing = model.listing
    if listing.tied_to is None:
        return Walk(listing.mark, start or listing.mark, model.volatility, at)
    leader = others[listing.tied_to]
    scale = 10.0 ** (listing.price_decimals - leader.price_decimals)
    mean, deviation, left = (model.basis[f"basis_{key}"] for key in ("bps_mean", "bps_deviation", "left_after_1s"))
    return Basis(leader.fair, scale, mean, deviation, left)


def participant(account: int, instrument: int, listing: Listing, assets: dict[str, int]) -> Participant:
    """An account's place in one instrument."""
    base_units = 10 ** (ASSETS[listing.base] - listing.quantity_decimals)
    return Participant(
        account=account,
        instrument=instrument,
        base=assets[listing.base],
        base_units=base_units,
        perpetual=listing.kind == LINEAR_PERPETUAL,
        stock=STOCK[listing.base] // base_units,
    )


def added(listing: Listing, assets: dict[str, int]) -> Any:
    """The command that lists it."""
    return AddInstrument(
        symbol=listing.symbol,
        kind=listing.kind,
        base=assets[listing.base],
        quote=assets[listing.quote],
        price_decimals=listing.price_decimals,
        quantity_decimals=listing.quantity_decimals,
        tick=1,
        lot=listing.lot,
        multiplier=1,
        maker_fee_ppm=listing.maker_fee_ppm,
        taker_fee_ppm=listing.taker_fee_ppm,
        collar_bps=listing.collar_bps,
        initial_margin_bps=listing.initial_margin_bps,
        mark=listing.mark,
    )


def row(listing: Listing) -> dict[str, Any]:
    """A listing as the ready line shows it."""
    return {
        "kind": INSTRUMENT_KINDS[listing.kind],
        "instrument": listing.symbol,
        "venue": "house",
        "files": [],
        "taken": True,
        "why": f"simulated, calibrated to {facts()[listing.facts]['source']}",
    }
