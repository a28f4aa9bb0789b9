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
BOOK_RULES: dict[int, str] = _core.BOOK_RULES
SESSION_STATES: dict[int, str] = _core.SESSION_STATES
SESSION_CAUSES: dict[int, str] = _core.SESSION_CAUSES
SCOPES: dict[int, str] = _core.SCOPES
LIMITS: dict[int, str] = _core.LIMITS
PURPOSES: dict[int, str] = _core.PURPOSES
PENDING_ENDS: dict[int, str] = _core.PENDING_ENDS

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
SetRule = COMMANDS["SetRule"]
SetTick = COMMANDS["SetTick"]
SetSession = COMMANDS["SetSession"]
Uncross = COMMANDS["Uncross"]
PlaceSpecial = COMMANDS["PlaceSpecial"]
ReplaceSpecial = COMMANDS["ReplaceSpecial"]
ReduceOrder = COMMANDS["ReduceOrder"]
AcceptQuote = COMMANDS["AcceptQuote"]
ClearSealed = COMMANDS["ClearSealed"]
SetAccount = COMMANDS["SetAccount"]
SetCredit = COMMANDS["SetCredit"]
SetLimit = COMMANDS["SetLimit"]
Kill = COMMANDS["Kill"]
Rearm = COMMANDS["Rearm"]
SetDeadMan = COMMANDS["SetDeadMan"]
RegisterMaker = COMMANDS["RegisterMaker"]
SetProtection = COMMANDS["SetProtection"]
CorrectTrade = COMMANDS["CorrectTrade"]
PlaceParent = COMMANDS["PlaceParent"]
PlaceChild = COMMANDS["PlaceChild"]
SetVenueFees = COMMANDS["SetVenueFees"]
Move = COMMANDS["Move"]
MovePending = COMMANDS["MovePending"]
PostPending = COMMANDS["PostPending"]
VoidPending = COMMANDS["VoidPending"]
Exchange = COMMANDS["Exchange"]
SetMarginTier = COMMANDS["SetMarginTier"]
SetLeverage = COMMANDS["SetLeverage"]
CloseDay = COMMANDS["CloseDay"]
Fund = COMMANDS["Fund"]
Liquidate = COMMANDS["Liquidate"]
Deleverage = COMMANDS["Deleverage"]
SetMarginPolicy = COMMANDS["SetMarginPolicy"]
EndFreeze = COMMANDS["EndFreeze"]
SetContract = COMMANDS["SetContract"]
SettleExpiry = COMMANDS["SettleExpiry"]
Exercise = COMMANDS["Exercise"]
SetMarginMode = COMMANDS["SetMarginMode"]
SetRiskProduct = COMMANDS["SetRiskProduct"]
SetRiskArray = COMMANDS["SetRiskArray"]
SetRiskTier = COMMANDS["SetRiskTier"]
SetRiskSpread = COMMANDS["SetRiskSpread"]
SetRiskCredit = COMMANDS["SetRiskCredit"]
SetRiskDelivery = COMMANDS["SetRiskDelivery"]
ApplyRisk = COMMANDS["ApplyRisk"]

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
RuleSet = EFFECTS["RuleSet"]
TickSet = EFFECTS["TickSet"]
SessionChanged = EFFECTS["SessionChanged"]
Auctioned = EFFECTS["Auctioned"]
Parked = EFFECTS["Parked"]
Triggered = EFFECTS["Triggered"]
Refreshed = EFFECTS["Refreshed"]
Repriced = EFFECTS["Repriced"]
Trailed = EFFECTS["Trailed"]
Reduced = EFFECTS["Reduced"]
AccountSet = EFFECTS["AccountSet"]
CreditSet = EFFECTS["CreditSet"]
LimitSet = EFFECTS["LimitSet"]
Killed = EFFECTS["Killed"]
Purged = EFFECTS["Purged"]
Released = EFFECTS["Released"]
RearmAsked = EFFECTS["RearmAsked"]
Rearmed = EFFECTS["Rearmed"]
DeadManSet = EFFECTS["DeadManSet"]
DeadManFired = EFFECTS["DeadManFired"]
MakerRegistered = EFFECTS["MakerRegistered"]
MakerScored = EFFECTS["MakerScored"]
ProtectionSet = EFFECTS["ProtectionSet"]
Protected = EFFECTS["Protected"]
TradeCorrected = EFFECTS["TradeCorrected"]
LimitState = EFFECTS["LimitState"]
Reheld = EFFECTS["Reheld"]
VenueFeesSet = EFFECTS["VenueFeesSet"]
Pending = EFFECTS["Pending"]
PendingEnded = EFFECTS["PendingEnded"]
TierSet = EFFECTS["TierSet"]
LeverageSet = EFFECTS["LeverageSet"]
MarginState = EFFECTS["MarginState"]
DayClosed = EFFECTS["DayClosed"]
LossFreeze = EFFECTS["LossFreeze"]
MarginPolicySet = EFFECTS["MarginPolicySet"]
Funded = EFFECTS["Funded"]
Liquidated = EFFECTS["Liquidated"]
Deleveraged = EFFECTS["Deleveraged"]
ContractSet = EFFECTS["ContractSet"]
ExpirySettled = EFFECTS["ExpirySettled"]
Exercised = EFFECTS["Exercised"]
Assigned = EFFECTS["Assigned"]
MarginModeSet = EFFECTS["MarginModeSet"]
RiskSet = EFFECTS["RiskSet"]
Margined = EFFECTS["Margined"]
RiskApplied = EFFECTS["RiskApplied"]

SYSTEM_ACCOUNTS = {
    1: "world",
    2: "house:fees",
    3: "house:rounding",
    4: "house:settlement",
    5: "house:insurance",
    6: "house:fx",
}
ACCOUNT_KINDS = {
    "client": 1,
    "house": 2,
    "venue": 3,
    "custodian": 5,
    "omnibus": 6,
    "tax": 7,
    "suspense": 8,
    "insurance": 9,
    "fee": 10,
}
ACCOUNT_CLIENT, ACCOUNT_HOUSE, ACCOUNT_VENUE = 1, 2, 3
ACCOUNT_SYSTEM = 4
ACCOUNT_CUSTODIAN, ACCOUNT_OMNIBUS, ACCOUNT_TAX, ACCOUNT_SUSPENSE, ACCOUNT_INSURANCE, ACCOUNT_FEE = range(5, 11)
WALL_SIDES = {"client": 1, "firm": 2}
"""Sides of the wall between client money and the firm's, as OpenAccount.side has them; 0 where the kind tells it."""
SIDED_KINDS = (ACCOUNT_CUSTODIAN, ACCOUNT_SUSPENSE)
"""Kinds of accounts that are opened with a side."""
PURPOSE_NUMBERS = {name: number for number, name in PURPOSES.items()}
BUY, SELL = 1, 2
LIMIT, MARKET, MARKET_TO_LIMIT, STOP, STOP_LIMIT, TRAILING_STOP, PEG, REQUEST, RESPONSE, WORKED = range(1, 11)
GTC, IOC, FOK, DAY, GTD, AT_OPEN, AT_CLOSE, GOOD_FOR_AUCTION = range(1, 9)
POST_ONLY, HIDDEN, ALL_OR_NONE, REDUCE_ONLY, SHORT, SLIDE, QUOTE, FRESH = (1 << bit for bit in range(8))
PRIMARY, MID, MARKET_PEG = 1, 2, 3
PENDING, HELD = 1, 2
"""Status of Parked: waits for its trigger; waits for its session or its parent."""
MAKER, TAKER = 1, 2
LINEAR_PERPETUAL, INVERSE_PERPETUAL, FUTURE, OPTION = 4, 5, 6, 7
PERPETUALS = (LINEAR_PERPETUAL, INVERSE_PERPETUAL)
MARGIN_STATES = {0: "well", 1: "called", 2: "liquidatable", 3: "overdue"}
DELEVERAGED = 16
"""Flag of Traded: closed against another account, outside every book."""
HOUSE_BOOK = 0
NOTE_MAX = 1_024
"""Bytes of an origin's note."""
NO_ORDER = 0
"""No order has this number."""
FILLED_OUTSIDE = 1
"""Flag of Traded: filled at an outside venue."""

SIDES = {"buy": BUY, "sell": SELL}
ORDER_TYPES = {
    "limit": LIMIT,
    "market": MARKET,
    "market_to_limit": MARKET_TO_LIMIT,
    "stop": STOP,
    "stop_limit": STOP_LIMIT,
    "trailing_stop": TRAILING_STOP,
    "peg": PEG,
    "request": REQUEST,
    "response": RESPONSE,
}
TIMES_IN_FORCE = {
    "gtc": GTC,
    "ioc": IOC,
    "fok": FOK,
    "day": DAY,
    "gtd": GTD,
    "at_open": AT_OPEN,
    "at_close": AT_CLOSE,
    "good_for_auction": GOOD_FOR_AUCTION,
}
PEGS = {"primary": PRIMARY, "mid": MID, "market": MARKET_PEG}
TRIGGERS = {"last": 1, "mark": 2, "either": 3}
FLAGS = {
    "post_only": POST_ONLY,
    "hidden": HIDDEN,
    "all_or_none": ALL_OR_NONE,
    "reduce_only": REDUCE_ONLY,
    "short": SHORT,
    "slide": SLIDE,
    "quote": QUOTE,
}
BOOK_NAMES = {
    1: "lit",
    2: "pro_rata",
    3: "mixed",
    4: "dark",
    5: "auction",
    6: "rfq",
    7: "negotiated",
    8: "sealed",
}
GIVEN = {"price": 1, "quantity": 2, "stop": 4, "offset": 8, "display": 16, "min_quantity": 32, "expire": 64}
"""Bits of ReplaceSpecial.given."""
INSTRUMENT_KINDS = {1: "equity", 2: "fx_spot", 3: "crypto_spot", 4: "linear_perpetual", 5: "inverse_perpetual"}
INSTRUMENT_KINDS |= {6: "future", 7: "option"}
ROLES = {"client": 1, "trader": 2, "operator": 3, "auditor": 4, "house": 5}
GATEWAYS = {"rest": 1, "websocket": 2, "alpaca": 3, "app": 4, "fix": 5, "grpc": 6, "mt4": 11, "lorawan": 12}
