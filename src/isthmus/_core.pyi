"""The hot tier (Rust). Classes of messages are generated from one list in crates/core/src/messages.rs."""

from collections.abc import Iterator, Sequence
from typing import Any, final

import numpy as np

RULES: int
PROFILE: str
REASONS: dict[int, str]
CANCEL_REASONS: dict[int, str]
TEMPLATES: dict[int, str]
BOOK_RULES: dict[int, str]
SESSION_STATES: dict[int, str]
SESSION_CAUSES: dict[int, str]
SCOPES: dict[int, str]
LIMITS: dict[int, str]
COMMANDS: dict[int, type[Any]]
EFFECTS: dict[int, type[Any]]
FIELDS: dict[str, list[tuple[str, str]]]
INSTRUCTION: np.dtype[Any]
OUTCOME: np.dtype[Any]
FILL: np.dtype[Any]

@final
class Origin:
    """Where a command came from; copied into the record, never read by the engine."""

    def __new__(
        cls,
        session: int = 0,
        user: int = 0,
        role: int = 0,
        gateway: int = 0,
        received_at: int = 0,
        text: str = "",
        instruction: bytes | None = None,
        note: str = "",
    ) -> Origin: ...
    session: int
    user: int
    role: int
    gateway: int
    received_at: int
    text: str
    instruction: bytes | None
    note: str

@final
class Record:
    """One command and its effects, as journalled. Decoded when asked for."""

    sequence: int
    stamp: int
    flags: int
    prev: bytes
    hash: bytes
    body: bytes
    command: Any
    origin: Origin
    effects: list[Any]
    reason: str | None
    @staticmethod
    def from_body(body: bytes, prev: bytes) -> Record: ...

@final
class Answer:
    """What one command did, read from its effects when asked. `fills`: (the maker's order, price, quantity) each."""

    sequence: int
    order: int
    filled: int
    fills: list[tuple[int, int, int]]
    reason: str | None
    repeated: bool
    cancelled: str | None
    effects: list[Any]

@final
class Batch:
    """What a batch did: one OUTCOME row a command, one FILL row a trade."""

    first: int
    outcomes: np.ndarray[Any, np.dtype[Any]]
    fills: np.ndarray[Any, np.dtype[Any]]

@final
class Flusher:
    """Writes what was handed over; may run in a thread of its own."""

    durable: int
    def flush(self) -> int: ...

@final
class Follower:
    """Runs the journal again behind the engine, in a thread of its own, and writes the snapshots."""

    sequence: int
    saved: int
    fault: str | None
    def snapshot(self, at: int, /) -> str: ...

@final
class Engine:
    """The broker's engine. `data` None keeps everything in memory."""

    def __new__(
        cls,
        data: str | None = None,
        durability: str = "never",
        segment_bytes: int = 67108864,
        snapshot_records: int = 1_000_000,
    ) -> Engine: ...
    follower: Follower
    epoch: int
    stands_by: bool
    @staticmethod
    def stand_by(
        data: str, durability: str = "never", segment_bytes: int = 67108864, snapshot_records: int = 1_000_000
    ) -> Engine: ...
    def catch_up(self, most: int, /) -> list[Record]: ...
    def take_over(self, force: bool = False) -> list[Record]: ...
    def receive(self, frames: bytes, /) -> list[Record]: ...
    def begin_epoch(self, above: int, /) -> int: ...
    sequence: int
    next_deadline: int | None
    stamp: int
    head: bytes
    durable: int
    recovered: dict[str, int | float | str]
    clock_held: int
    flusher: Flusher | None
    def submit(self, command: Any, at: int | None = None, origin: Origin | None = None, /) -> Record: ...
    def place(
        self,
        account: int,
        instrument: int,
        side: int,
        kind: int,
        tif: int,
        flags: int,
        price: int,
        quantity: int,
        at: int | None = None,
        client_id: bytes | None = None,
        /,
    ) -> Answer: ...
    def cancel(self, order: int, account: int, at: int | None = None, client_id: bytes | None = None, /) -> Answer: ...
    def replace(
        self,
        order: int,
        account: int,
        price: int,
        quantity: int,
        at: int | None = None,
        client_id: bytes | None = None,
        /,
    ) -> Answer: ...
    def submit_batch(
        self, rows: np.ndarray[Any, np.dtype[Any]], at: int | None = None, origin: Origin | None = None, /
    ) -> Batch: ...
    def stage(self, command: Any, at: int | None = None, origin: Origin | None = None, /) -> Record: ...
    def hand_over(self) -> int: ...
    def best(self, instrument: int, /) -> tuple[int, int, int, int]: ...
    def indicative(self, instrument: int, /) -> tuple[int, int, int]: ...
    def depth(
        self, instrument: int, levels: int, /
    ) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]: ...
    def book_orders(self, instrument: int, most: int = ...) -> list[tuple[int, int, int, int, int, int, bool]]: ...
    def queue(self, instrument: int, side: int, price: int, /) -> list[tuple[int, int, int]]: ...
    def order(self, order: int, /) -> dict[str, int] | None: ...
    def orders(self, account: int, /) -> list[int]: ...
    def balance(self, account: int, asset: int, /) -> tuple[int, int]: ...
    def balances(self, account: int, /) -> list[tuple[int, int, int, bool]]: ...
    def position(self, account: int, instrument: int, /) -> tuple[int, int]: ...
    def maker(self, account: int, instrument: int, /) -> tuple[int, int, bool, bool] | None: ...
    def reference(self, instrument: int, /) -> int: ...
    def postings(self, record: Record, /) -> list[Any]: ...
    def totals(self) -> list[tuple[int, int]]: ...
    def accounts(self) -> list[tuple[int, int]]: ...
    def assets(self) -> list[dict[str, Any]]: ...
    def instruments(self) -> list[dict[str, Any]]: ...
    def state(self) -> bytes: ...
    def state_hash(self) -> str: ...
    def restored(self) -> Engine: ...
    def snapshot(self) -> str: ...
    def close(self) -> None: ...

class JournalDamaged(Exception):
    """The journal is damaged; the message names the record."""

class JournalFenced(OSError):
    """Another process took the data folder over: nothing is acknowledged here any more."""

class OtherRelease(Exception):
    """The journal has records of earlier rules, which this release does not run; the message says what to do."""

class FolderLocked(Exception):
    """Another process holds the data folder."""

class JournalReader:
    """Reads a journal's records in order, while it grows as well."""

    def __new__(cls, data: str, start: int = 1) -> JournalReader: ...
    def __iter__(self) -> Iterator[Record]: ...
    def __next__(self) -> Record: ...

class FrameReader:
    """Reads a journal's records as whole frames, while it grows as well."""

    def __new__(cls, data: str, start: int = 1) -> FrameReader: ...
    last: int
    def read(self, most: int, upto: int, /) -> bytes: ...

class Archived:
    """Proves archived records, then the segments that follow on them."""

    def __new__(cls, data: str, head: str | None = None, replay: bool = False) -> Archived: ...
    records: int
    head: str
    def take(self, segment: int, epoch: int, bodies: list[bytes], hashes: list[bytes], /) -> bool: ...
    def finish(self, use_snapshot: bool, /) -> dict[str, Any]: ...

def epoch_of(data: str, /) -> int: ...
def journal_end(data: str, /) -> tuple[int, int, int]: ...
def segment_header(path: str, /) -> tuple[int, str, int]: ...
def verify(
    data: str, head: str | None = None, replay: bool = False, use_snapshot: bool = True, /
) -> dict[str, Any]: ...
def content_id(text: str, /) -> bytes: ...
def trade_hash(trades: bytes, /) -> int: ...

@final
class SimulatedClients:
    """The simulator's clients: the same commands for the same seed and the same answers."""

    def __new__(cls, seed: int) -> SimulatedClients: ...
    def opening(self) -> list[Any]: ...
    def next(self, state: int) -> tuple[int, Any]: ...
    def placed(self, order: int, command: Any) -> None: ...

def simulate(first: int, seeds: int, plant: str, scratch: str, /) -> dict[str, Any]: ...

@final
class JournalTrial:
    """A journal that takes payloads as records, for `isthmus bench journal`."""

    def __new__(cls, data: str) -> JournalTrial: ...
    def append(self, payloads: list[bytes], /) -> int: ...
    def close(self) -> None: ...

class PoolRefused(ValueError):
    """A pool, split or route will not do it; `args` is (field, reason)."""

@final
class Pool:
    """A pool of an automated market maker, in minor units: constant product (Uniswap v2), concentrated liquidity
    (Uniswap v3), StableSwap (Curve) or Cryptoswap (Curve v2, quotes of inputs only). Its swaps change it, its quotes
    do not; every method may raise PoolRefused. Amounts are ints up to 256 bits, square-root prices Q64.96.
    """

    @staticmethod
    def product(reserve0: int, reserve1: int, fee: int = 3, fee_unit: int = 1_000) -> Pool: ...
    @staticmethod
    def concentrated(fee_pips: int, tick_spacing: int, sqrt_price: int) -> Pool: ...
    @staticmethod
    def stable(balances: list[int], rates: list[int], amplification: int, fees: tuple[int, int]) -> Pool: ...
    @staticmethod
    def crypto(balances: list[int], scales: list[int], curve: tuple[int, int], fees: tuple[int, int, int]) -> Pool: ...
    kind: str
    balances: list[int]
    fee_pips: int
    sqrt_price: int
    tick: int
    liquidity: int
    growth: tuple[int, int]
    most_per_tick: int
    def copy(self) -> Pool: ...
    def quote_in(self, from_: int, to: int, amount: int, /) -> int: ...
    def quote_out(self, from_: int, to: int, amount: int, /) -> int: ...
    def swap_in(self, from_: int, to: int, amount: int, /) -> int: ...
    def swap_out(self, from_: int, to: int, amount: int, /) -> tuple[int, int]: ...
    def ticks(self) -> list[tuple[int, int, int]]: ...
    def with_ticks(self, tick: int, liquidity: int, rows: list[tuple[int, int, int]]) -> Pool: ...
    def at_price(self, sqrt_price: int, tick: int) -> Pool: ...
    def mint(self, owner: str, between: tuple[int, int], liquidity: int) -> tuple[int, int]: ...
    def burn(self, owner: str, between: tuple[int, int], liquidity: int) -> tuple[int, int]: ...
    def collect(self, owner: str, between: tuple[int, int], most: tuple[int, int]) -> tuple[int, int]: ...
    def quote(self, zero_for_one: bool, amount: int, limit: int | None = None) -> dict[str, int]: ...
    def swap(self, zero_for_one: bool, amount: int, limit: int | None = None) -> dict[str, int]: ...
    def invariant(self) -> int: ...
    def virtual_price(self, supply: int) -> int: ...

def lots_within(
    pool: Pool, side: int, way: tuple[int, int], lot: int, limits: list[int], most: int = ...
) -> list[int]: ...
def split_order(
    side: int,
    lots: int,
    lot: int,
    levels: list[tuple[int, int]],
    offers: list[tuple[Pool, int, int, int]],
) -> dict[str, Any]: ...

@final
class FlashRoute:
    """Borrow, swap, swap, repay, or nothing. `legs`: (place of the pool, token in, token out) each, pools are handed in
    with the numbers of their tokens and never changed; amounts in minor units of the token borrowed.
    """

    def __new__(
        cls,
        token: int,
        legs: list[tuple[int, int, int]],
        *,
        flash_fee_ppm: int,
        gas: int,
        most: int,
        least_profit: int = 1,
    ) -> FlashRoute: ...
    def price(self, pools: list[tuple[Pool, list[int]]], amount: int) -> dict[str, Any]: ...
    def best(self, pools: list[tuple[Pool, list[int]]]) -> dict[str, Any] | None: ...
    def go(self, pools: list[tuple[Pool, list[int]]], amount: int | None = None) -> dict[str, Any]: ...

def sqrt_price_at(tick: int, /) -> int: ...
def tick_at(sqrt_price: int, /) -> int: ...

@final
class Wakes:
    """When parents are to be decided again: up to 100,000 of them. A condition that is 0, None or False is not waited
    for; the first that comes true wakes the parent once. Lists are in the order of (deadline, id).
    """

    def __new__(cls) -> Wakes: ...
    def set(
        self,
        parent: int,
        instrument: int,
        side: int,
        *,
        at: int = 0,
        price: int | None = None,
        volume: int = 0,
        book: bool = False,
    ) -> None: ...
    next_time: int | None
    def cancel(self, parent: int, /) -> bool: ...
    def on_time(self, now: int, /) -> list[int]: ...
    def on_quote(self, instrument: int, bid: int | None, ask: int | None, /) -> list[int]: ...
    def on_trade(self, instrument: int, quantity: int, /) -> list[int]: ...
    def traded(self, instrument: int, /) -> int: ...
    def __len__(self) -> int: ...

class TapeDamaged(Exception):
    """The tape is damaged; the message names the place."""

class TapeGone(Exception):
    """The limit dropped these frames; the tape begins later."""

@final
class Tape:
    """What outside markets showed: an append-only folder with its own hash chain. Offsets count frames from 1 and go on
    over starts; one is on disk after the next `flush` (process) or `sync` (power). Times in ns, prices and quantities
    in the instrument's units.
    """

    def __new__(cls, folder: str, segment_bytes: int = 16777216, keep_bytes: int = 1073741824) -> Tape: ...
    first: int
    next: int
    torn: int
    bytes: int
    head: str
    def book(
        self, at: int, venue: int, instrument: int, bids: list[tuple[int, int]], asks: list[tuple[int, int]]
    ) -> int: ...
    def trade(self, at: int, venue: int, instrument: int, price: int, quantity: int, taker_side: int) -> int: ...
    def health(self, at: int, venue: int, instrument: int, state: int, note: str) -> int: ...
    def flush(self) -> None: ...
    def sync(self) -> None: ...
    def close(self) -> None: ...

@final
class TapeReader:
    """Frames from an offset on, also while another process writes: (offset, at, venue, instrument, kind, payload). A
    "book" has (bids, asks), a "trade" (price, quantity, taker_side), "health" (state, note). Raises TapeGone and
    TapeDamaged.
    """

    def __new__(cls, folder: str, start: int = 1) -> TapeReader: ...
    def read(self, most: int, /) -> list[tuple[int, int, int, int, str, Any]]: ...

def verify_tape(folder: str, /) -> dict[str, Any]: ...

class RouteRefused(ValueError):
    """A book or a route will not do it; `args` is (field, reason)."""

@final
class ConsolidatedBook:
    """One instrument over up to 64 venues, watched: see `isthmus.execution.book`, its typed face. Sides are 1 (buy:
    bids) and 2 (sell: asks), of decisions that of the taker. All-in prices are price steps x 10^6. Raises RouteRefused.
    """

    def __new__(cls, settings: dict[str, int] = ...) -> ConsolidatedBook: ...
    @staticmethod
    def defaults() -> dict[str, int]: ...
    def list_venue(
        self,
        number: int,
        kind: str = "lit",
        *,
        maker_fee_ppm: int = 0,
        taker_fee_ppm: int = 0,
        tick: int = 1,
        lot: int = 1,
        price: tuple[int, int] = (1, 1),
        quantity: tuple[int, int] = (1, 1),
        inverse: bool = False,
        family: int = 0,
        reference: bool = False,
        backup: int | None = None,
        stale_ns: int | None = None,
    ) -> None: ...
    def update(
        self, venue: int, at: int, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]], /
    ) -> list[RouteEvent]: ...
    def last_events(self) -> list[RouteEvent]: ...
    def feed_snapshot(self, venue: int, at: int, last: int, /) -> list[RouteEvent]: ...
    def feed_update(
        self, venue: int, at: int, first: int, last: int, previous: int | None = None, /
    ) -> list[RouteEvent]: ...
    def indicate(self, venue: int, side: int, at: int, price: int, quantity: int, /) -> None: ...
    def take_back(self, venue: int, side: int, /) -> None: ...
    def indications(self, side: int, /) -> list[tuple[int, int, int, int]]: ...
    def trade(self, venue: int, at: int, price: int, quantity: int, taken: int = 0, /) -> None: ...
    def hold(self, venue: int, at: int, out: bool, /) -> list[RouteEvent]: ...
    def set_reference(self, price: int | None, /) -> None: ...
    def levels(self, side: int, most: int = 50, /) -> list[tuple[int, int, int, int, int, int]]: ...
    def middle(self) -> int | None: ...
    def open(self) -> list[int]: ...
    def why_not(self, venue: int, /) -> list[str]: ...
    def sweep(self, side: int, quantity: int, limit: int | None = None, /) -> dict[str, Any]: ...
    def single(self, side: int, quantity: int, limit: int | None = None, /) -> dict[str, Any]: ...
    def split(
        self, side: int, quantity: int, slopes: Sequence[tuple[int, int]], limit: int | None = None, /
    ) -> dict[str, Any]: ...
    def arbitrage(self, venue: int, /) -> dict[str, Any] | None: ...
    def sent(self, venue: int, lots: int, /) -> None: ...
    def answered(self, venue: int, latency_ns: int, rejected: bool, /) -> None: ...
    def filled(self, venue: int, at: int, side: int, lots: int, /) -> None: ...
    def route(self, venue: int, /) -> dict[str, int]: ...

RouteEvent = tuple[int, int, str, str, bool, tuple[int, int, int]]

def triangle(
    first: ConsolidatedBook, second: ConsolidatedBook, cross: ConsolidatedBook, links: list[tuple[int, int]], /
) -> dict[str, Any] | None: ...

@final
class DarkTails:
    """What was learnt of one dark pool: Kaplan-Meier tails over 1 to `units` units. Raises RouteRefused."""

    def __new__(cls, units: int, least: int = 1) -> DarkTails: ...
    def learn(self, asked: int, filled: int, /) -> None: ...
    def tail_ppm(self, units: int, /) -> int: ...

def spread_units(pools: Sequence[DarkTails], units: int, /) -> list[int]: ...

@final
class DarkWeights:
    """Shares of dark pools (10^-9 each) by stochastic approximation. Raises RouteRefused."""

    def __new__(cls, pools: int) -> DarkWeights: ...
    shares: list[int]
    def split(self, quantity: int, /) -> list[int]: ...
    def learn(self, responses: Sequence[tuple[int, bool]], volume_ppm: int, gain_ppm: int, /) -> None: ...

def fin_parse(
    text: str, /
) -> tuple[list[tuple[str, int, str, list[tuple[str, str, int]]]], list[tuple[str, str, int, str]]]: ...
def fin_split(text: str, /) -> list[str]: ...

@final
class XmlScreen:
    """One pass over a document that says what need not be looked at again.

    `bounds`: depth, elements, distinct names, bytes of a name, of a tag, attributes of an element, bytes of a text.
    `names`: elements that hold a country, elements that hold a currency.
    """

    def __new__(
        cls,
        bounds: tuple[int, int, int, int, int, int, int],
        countries: list[str],
        currencies: list[tuple[str, int | None]],
        ibans: list[str],
        names: tuple[list[str], list[str]],
    ) -> XmlScreen: ...
    def look(self, xml: bytes, /) -> int:
        """Flags: 1 plain, 2 not ASCII alone, 4 prefixed attributes, 8 values are right, 16 rules of transfers hold."""

def fin_validate(
    text: str, /
) -> tuple[
    str | None,
    list[tuple[str, str, int]],
    list[tuple[int, str, int]],
    list[tuple[str | None, str, str, str, int, str]],
]: ...
def fin_known() -> list[str]: ...

_Mt300Money = tuple[str, str]
_Mt300Deal = tuple[
    tuple[str, str | None, str],
    tuple[str, str],
    tuple[str, str],
    tuple[str, _Mt300Money, _Mt300Money],
    tuple[str | None, str | None],
]
_Mt300Answer = tuple[
    str | None, list[tuple[str, str]], list[tuple[str | None, str, str, str, int, str]], _Mt300Deal | None
]

def mt300_of_fix(
    report: str, sender: str, receiver: str, /, *, turned: bool, agents: dict[str, str]
) -> _Mt300Answer: ...
def mt300_build(deal: Any, /) -> _Mt300Answer: ...
def mt300_read(text: str, /) -> _Mt300Deal | None: ...
def mt300_to_fix(deal: Any, /) -> str | None: ...
def mt_reference(text: str, /) -> str: ...
