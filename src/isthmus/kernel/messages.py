"""What can be asked of the engine and what it answers. Declared once, in crates/core/src/messages.rs; named here.

Each class takes its fields by keyword and has them as attributes; `docs/reference/engine.md` says what they do.
"""

from typing import Any

from isthmus import _core

COMMANDS: dict[str, type[Any]] = {made.__name__: made for made in _core.COMMANDS.values()}
EFFECTS: dict[str, type[Any]] = {made.__name__: made for made in _core.EFFECTS.values()}
FIELDS: dict[str, list[tuple[str, str]]] = _core.FIELDS
REASONS: dict[int, str] = _core.REASONS
CANCEL_REASONS: dict[int, str] = _core.CANCEL_REASONS
TEMPLATES: dict[int, str] = _core.TEMPLATES

OpenAccount = COMMANDS["OpenAccount"]
AddAsset = COMMANDS["AddAsset"]
AddInstrument = COMMANDS["AddInstrument"]
Deposit = COMMANDS["Deposit"]
Withdraw = COMMANDS["Withdraw"]
Transfer = COMMANDS["Transfer"]
Halt = COMMANDS["Halt"]
Resume = COMMANDS["Resume"]
CancelAll = COMMANDS["CancelAll"]
PlaceOrder = COMMANDS["PlaceOrder"]
CancelOrder = COMMANDS["CancelOrder"]
ReplaceOrder = COMMANDS["ReplaceOrder"]
Mark = COMMANDS["Mark"]
VenueAccepted = COMMANDS["VenueAccepted"]
VenueFilled = COMMANDS["VenueFilled"]
VenueCancelled = COMMANDS["VenueCancelled"]
VenueReplaced = COMMANDS["VenueReplaced"]
TimePassed = COMMANDS["TimePassed"]

Rejected = EFFECTS["Rejected"]
Accepted = EFFECTS["Accepted"]
Traded = EFFECTS["Traded"]
Cancelled = EFFECTS["Cancelled"]
Replaced = EFFECTS["Replaced"]
Repeated = EFFECTS["Repeated"]
Posted = EFFECTS["Posted"]
Settled = EFFECTS["Settled"]
Frozen = EFFECTS["Frozen"]
Unfrozen = EFFECTS["Unfrozen"]
AccountOpened = EFFECTS["AccountOpened"]
AssetAdded = EFFECTS["AssetAdded"]
InstrumentAdded = EFFECTS["InstrumentAdded"]
Halted = EFFECTS["Halted"]
Resumed = EFFECTS["Resumed"]
Marked = EFFECTS["Marked"]
CancelRequested = EFFECTS["CancelRequested"]
ReplaceRequested = EFFECTS["ReplaceRequested"]
Acknowledged = EFFECTS["Acknowledged"]

SYSTEM_ACCOUNTS = {1: "world", 2: "house:fees", 3: "house:rounding", 4: "house:settlement"}
ACCOUNT_CLIENT, ACCOUNT_HOUSE, ACCOUNT_VENUE = 1, 2, 3
BUY, SELL = 1, 2
LIMIT, MARKET = 1, 2
GTC, IOC, FOK, DAY = 1, 2, 3, 4
POST_ONLY = 1
MAKER, TAKER = 1, 2
LINEAR_PERPETUAL = 4
HOUSE_BOOK = 0
FILLED_OUTSIDE = 1
"""Flag of Traded: filled at an outside venue."""

SIDES = {"buy": BUY, "sell": SELL}
ORDER_TYPES = {"limit": LIMIT, "market": MARKET}
TIMES_IN_FORCE = {"gtc": GTC, "ioc": IOC, "fok": FOK, "day": DAY}
INSTRUMENT_KINDS = {1: "equity", 2: "fx_spot", 3: "crypto_spot", 4: "linear_perpetual"}
ROLES = {"client": 1, "trader": 2, "operator": 3, "auditor": 4, "house": 5}
GATEWAYS = {"rest": 1, "websocket": 2, "alpaca": 3, "app": 4}
