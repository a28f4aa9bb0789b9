"""The engine's reasons as problems that say which field broke which limit."""

from __future__ import annotations

from typing import Any

from isthmus.engine.engine import Record
from isthmus.gateways.problems import Refusal
from isthmus.kernel.ids import account_id, record_id
from isthmus.kernel.messages import BUY, REASONS
from isthmus.kernel.values import PRICE_MAX, QUANTITY_MAX, short_text, text, time_text
from isthmus.refdata.instruments import Instrument
from isthmus.views.views import Views

STATUSES = {"duplicate_client_id": 409, "unknown_order": 422}

DETAILS = {
    "unknown_account": "there is no such account",
    "account_not_trading": "this account does not trade",
    "duplicate_client_id": "this client id was used with other content",
    "unknown_order": "the order is closed",
    "not_your_order": "the order is another account's",
    "post_only_conflict": "post_only goes with a limit order that stays (gtc or day)",
    "instrument_halted": "the instrument is halted: cancels are taken, new orders and changes are not",
    "quantity_not_positive": "the quantity must be above zero",
    "quantity_too_large": "the quantity is too large",
    "off_lot": "the quantity must be a multiple of the lot",
    "quantity_not_above_filled": "the new quantity must be above what is filled",
    "price_on_market": "a market order has no price",
    "price_not_positive": "a limit order needs a price above zero",
    "price_too_large": "the price is too large",
    "off_tick": "the price must be a multiple of the tick",
    "no_reference_price": "there is no price yet that a market order could be protected by: send a limit order",
    "notional_too_large": "price times quantity is too large to count",
    "account_frozen": "the account's equity is under its holds, its margin is called, or it lost too much today: only "
    "orders that close a position are taken",
    "insufficient_funds": "that is more than is available",
    "amount_not_positive": "the amount must be above zero",
    "unknown_asset": "there is no such asset, or base and quote are the same",
    "unknown_instrument": "there is no such instrument",
    "unknown_side": "a side is buy (1) or sell (2)",
    "unknown_kind": "there is no such kind",
    "unknown_tif": "a time in force is gtc (1), ioc (2), fok (3), day (4), gtd (5), at_open (6), at_close (7) or "
    "good_for_auction (8)",
    "unknown_flag": "there is no such flag",
    "unknown_venue": "the venue is neither the house book nor the account of an outside venue",
    "same_account": "source and target are the same account",
    "already_exists": "this code or symbol is taken",
    "bad_code": "codes (16 bytes) and symbols (32) are made of A-Z, 0-9, point, hyphen, underscore; symbols of / too",
    "bad_decimals": "too many decimals, or more than the asset can count",
    "bad_tick": "the tick must be above zero and is too large beyond 10^15",
    "bad_lot": "the lot must be above zero and is too large beyond 10^12",
    "bad_multiplier": "the multiplier is 1 to 10^9, and 1 unless the instrument is a perpetual",
    "bad_fee": "fees are at most 100,000 ppm either way, and maker and taker together at least 0",
    "bad_collar": "a collar is at most 9,999 bps",
    "bad_margin": "the initial margin of a perpetual is 1 to 10,000 bps, of anything else 0",
    "bad_mark": "a mark is above zero and at most 10^15, a perpetual needs one, and only a perpetual settles",
    "limit_reached": "there is no number left for one more",
    "not_halted": "it is not halted",
    "wrong_venue": "the order is at another venue",
    "unknown_liquidity": "liquidity is maker (1) or taker (2)",
    "no_client_id": "a venue's fill needs an id of its own",
    "unknown_reason": "there is no such reason for a cancel",
    "unknown_rule": "there is no such rule of a book",
    "bad_rule": "the rule does not take this value",
    "book_not_empty": "the kind of a book changes only while it has no live order",
    "wrong_session": "the instrument's trading state does not take this now",
    "unknown_state": "there is no such trading state",
    "bad_stop": "a stop order, and only a stop order, has a stop price: above zero, on the tick",
    "bad_offset": "a trailing stop's distance is above zero; a peg's offset is whole ticks; other orders have none",
    "bad_display": "what is shown is whole lots and no more than the order; a hidden order shows nothing",
    "bad_minimum": "a minimum quantity is whole lots, no more than the order, and not beside all-or-none or post-only",
    "bad_expire": "good-till-date, and only that, needs a time that is still to come",
    "bad_peg": "a peg, and only a peg, has a reference: primary, mid or market",
    "bad_link": "the linked order is not alive, or another account's or instrument's",
    "reduce_only": "there is no position that this order would reduce",
    "no_locate": "a short sale needs stock that was located for it, and only a sale can be short",
    "killed": "the kill switch is on: nothing is taken until two operators re-arm",
    "not_killed": "the kill switch is not on",
    "same_operator": "the second agreement must be another operator's",
    "instruction_not_allowed": "this account or session may not send this kind of order",
    "instrument_not_allowed": "this account may not trade the instrument",
    "outside_collar": "the price is too far from the reference price",
    "outside_band": "the price is outside the instrument's band",
    "order_too_large": "the order is larger than the limit for one order",
    "notional_limit": "price times quantity is over the limit",
    "unusual_size": "the order is far larger than the account's usual",
    "rate_limit": "too many orders in this second",
    "open_orders_limit": "the account has as many open orders as it may",
    "position_limit": "the order could take the position over its limit",
    "duplicate_order": "the same order was sent a moment ago",
    "unknown_scope": "there is no such scope, or nothing of that number in it",
    "unknown_limit": "there is no such limit",
    "bad_limit": "the limit does not take this value",
    "not_a_maker": "the account is not a registered market maker of the instrument",
    "maker_protected": "the maker's quotes were pulled: set the protection anew to quote again",
    "bad_maker": "an obligation has a spread and a quantity above zero and at most 10,000 bps of presence",
    "unknown_trade": "there is no such trade",
    "already_corrected": "the trade was busted before",
    "unknown_request": "there is no such request for quotes, or no such response",
    "wrong_book": "the instrument's book does not take this kind of order",
    "below_minimum_notional": "price times quantity is under the instrument's minimum",
    "expired": "the instrument has expired",
    "bad_timeout": "a dead-man timer runs for 1 ms to a day",
    "bad_terms": "these terms do not go together",
    "bad_path": "the path, how a parent is worked, is 1 to 255",
    "unknown_parent": "there is no such parent, or it has ended",
    "parent_ending": "the parent is ending and takes neither children nor changes",
    "already_placed": "the parent had a child of this ordinal: it was placed before",
    "bad_ordinal": "the ordinal of a child is the number of its parent's children so far, and one",
    "beyond_parent": "the parent has not so many free lots",
    "beyond_limit": "the price is beyond the parent's limit",
    "child_of_parent": "the order is a child: it is changed by its parent only",
    "mixes_client_money": "money does not pass so between a client and the firm: a move needs a purpose that may",
    "custodian_overdrawn": "the bank would pay out more than it has, what is promised out of it counted in",
    "unknown_purpose": "there is no such purpose of a move",
    "purpose_not_allowed": "a move for this purpose does not join these accounts",
    "wrong_side": "custodians and suspense accounts are client money (1) or the firm's (2), other accounts neither",
    "unknown_transfer": "there is no such pending transfer, or it has ended",
    "beyond_pending": "that is more than is pending",
    "same_asset": "the asset is exchanged for itself",
    "not_a_perpetual": "the instrument is no perpetual",
    "bad_tier": "tiers begin at 0 and rise, and an initial margin is above its maintenance margin, at most 10,000 bps",
    "bad_leverage": "the initial margin is at least that of the lowest tier, at most 10,000 bps, and needs tiers",
    "bad_rate": "a funding rate is at most 1 either way",
    "wrong_price": "the price is not the bankruptcy price of now",
    "beyond_margin": "at this price, worse than the mark, the trade would cost more than the margin bears",
    "not_liquidatable": "the account bears its positions: it is not liquidatable",
    "wrong_size": "that is more than may be closed at once: a large position goes down by a tier first",
    "same_owner": "both accounts are one owner's",
    "out_of_turn": "another account is before it in the queue of deleveraging",
    "no_contract": "the instrument does not expire, or its terms as a contract are not set yet",
    "bad_contract": "these terms do not go together, or with what the contract is on",
    "not_expired": "the contract has not expired yet",
    "no_settlement_price": "there is no price to settle at: the positions stand until there is",
    "already_settled": "the contract was settled for the last time",
    "not_exercisable": "only American options are used before they expire, and cash ones only while they gain",
    "underlies_options": "options on this future are to be settled first",
    "insufficient_margin": "the account's positions and orders together would require more than is available",
    "bad_risk": "this is no risk parameter, or the parameters are not whole",
    "unknown_mode": "positions are margined each by itself (1) or together (2)",
}
"""Every reason of the gate in words; in order of their numbers they are the order of its checks."""

_FIELDS = {
    "unknown_account": "account",
    "account_not_trading": "account",
    "duplicate_client_id": "client_order_id",
    "unknown_asset": "asset",
    "unknown_instrument": "instrument",
    "unknown_order": "id",
    "not_your_order": "id",
    "post_only_conflict": "post_only",
    "unknown_venue": "venue",
    "instrument_halted": "instrument",
    "quantity_not_positive": "quantity",
    "quantity_too_large": "quantity",
    "off_lot": "quantity",
    "quantity_not_above_filled": "quantity",
    "price_on_market": "price",
    "price_not_positive": "price",
    "price_too_large": "price",
    "off_tick": "price",
    "no_reference_price": "type",
    "notional_too_large": "quantity",
    "account_frozen": "account",
    "insufficient_funds": "quantity",
    "amount_not_positive": "amount",
    "same_account": "target",
    "mixes_client_money": "target",
    "custodian_overdrawn": "amount",
    "unknown_purpose": "purpose",
    "purpose_not_allowed": "purpose",
    "wrong_side": "side",
    "unknown_transfer": "transfer",
    "beyond_pending": "amount",
    "same_asset": "buy_asset",
    "bad_tick": "tick_size",
    "bad_lot": "lot_size",
    "bad_collar": "collar_bps",
    "bad_margin": "initial_margin_bps",
    "bad_mark": "mark",
    "bad_multiplier": "multiplier",
    "bad_rule": "value",
    "bad_stop": "stop",
    "bad_offset": "offset",
    "bad_display": "display",
    "bad_minimum": "min_quantity",
    "bad_expire": "expire",
    "bad_peg": "peg",
    "outside_collar": "price",
    "outside_band": "price",
    "order_too_large": "quantity",
    "notional_limit": "quantity",
    "unusual_size": "quantity",
    "below_minimum_notional": "quantity",
    "reduce_only": "reduce_only",
    "no_locate": "short",
    "unknown_request": "request",
    "wrong_book": "type",
    "unknown_tif": "time_in_force",
    "beyond_margin": "price",
    "wrong_price": "price",
    "wrong_size": "quantity",
    "not_a_perpetual": "instrument",
    "bad_rate": "rate",
}
_SAID = {"stop": "stop_price", "display": "display_quantity", "expire": "expires_at"}
"""Fields that the API calls otherwise than the engine's commands."""


def reason_of(record: Record) -> str | None:
    """Why the command was refused, now or when it was first asked; None if it was done."""
    before = repeated(record)
    return REASONS[before.reason] if before is not None and before.reason else record.reason


def repeated(record: Record) -> Any | None:
    """The effect that says that the command was answered before. What fell due by time may stand before it."""
    return next((effect for effect in record.effects if type(effect).__name__ == "Repeated"), None)


def refusal_of(record: Record, command: Any, instrument: Instrument | None, views: Views) -> Refusal:
    """The engine refused (or the first answer was a refusal): why, in the asker's terms."""
    reason = reason_of(record) or "unknown_order"
    field = "amount" if reason == "insufficient_funds" and hasattr(command, "amount") else _FIELDS.get(reason)
    value, limit = _value(command, instrument, field), None
    if instrument is not None:
        limit = _limit(reason, command, instrument, views)
    return Refusal(
        STATUSES.get(reason, 422),
        reason,
        DETAILS[reason],
        field=_SAID.get(field or "", field),
        value=value,
        limit=limit,
        record=record_id(record.sequence),
    )


def _value(command: Any, instrument: Instrument | None, field: str | None) -> str | None:
    if field is None or field == "amount":  # a count of minor units: the asker wrote a decimal
        return None
    found = getattr(command, field, None)
    if field in ("account", "target") and found is not None:
        return account_id(found)
    if instrument is None or found is None:
        return None if found is None else str(found)
    if field in ("price", "stop", "offset"):
        return text(found, instrument.price_decimals)
    if field in ("quantity", "display", "min_quantity"):
        return text(found, instrument.quantity_decimals)
    if field == "expire":
        return time_text(found) if found else None
    return instrument.symbol if field == "instrument" else str(found)


def _limit(reason: str, command: Any, instrument: Instrument, views: Views) -> str | None:
    if reason == "off_tick":
        return short_text(instrument.tick, instrument.price_decimals)
    if reason == "off_lot":
        return short_text(instrument.lot, instrument.quantity_decimals)
    if reason == "quantity_too_large":
        return short_text(QUANTITY_MAX, instrument.quantity_decimals)
    if reason == "price_too_large":
        return short_text(PRICE_MAX, instrument.price_decimals)
    if reason in ("quantity_not_positive", "price_not_positive"):
        return "0"
    if reason == "insufficient_funds":
        return _available(command, instrument, views)
    return None


def _available(command: Any, instrument: Instrument, views: Views) -> str | None:
    side = getattr(command, "side", None)
    if side is None:
        row = views.orders.order(command.order)
        side = row.side if row is not None else BUY
    asset = instrument.value_asset if side == BUY or instrument.perpetual else instrument.base
    balance = views.holdings.balance(command.account, asset.number)
    return f"{text(balance.total - balance.held, asset.decimals)} {asset.code}"
