"""The engine's reasons as problems that say which field broke which limit."""

from __future__ import annotations

from typing import Any

from isthmus.engine.engine import Record
from isthmus.gateways.problems import Refusal
from isthmus.kernel.ids import account_id, record_id
from isthmus.kernel.messages import BUY, REASONS
from isthmus.kernel.values import PRICE_MAX, QUANTITY_MAX, short_text, text
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
    "account_frozen": "the account's equity is under its holds: only orders that close a position are taken",
    "insufficient_funds": "that is more than is available",
    "amount_not_positive": "the amount must be above zero",
    "unknown_asset": "there is no such asset, or base and quote are the same",
    "unknown_instrument": "there is no such instrument",
    "unknown_side": "a side is buy (1) or sell (2)",
    "unknown_kind": "there is no such kind",
    "unknown_tif": "a time in force is gtc (1), ioc (2), fok (3) or day (4)",
    "unknown_flag": "the only flag is post-only (1)",
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
    "bad_tick": "tick_size",
    "bad_lot": "lot_size",
    "bad_collar": "collar_bps",
    "bad_margin": "initial_margin_bps",
    "bad_mark": "mark",
    "bad_multiplier": "multiplier",
}


def reason_of(record: Record) -> str | None:
    """Why the command was refused, now or when it was first asked; None if it was done."""
    for effect in record.effects[:1]:
        if type(effect).__name__ == "Repeated" and effect.reason:
            return REASONS[effect.reason]
    return record.reason


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
        field=field,
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
    if field == "price":
        return text(found, instrument.price_decimals)
    if field == "quantity":
        return text(found, instrument.quantity_decimals)
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
    asset = instrument.quote if side == BUY or instrument.perpetual else instrument.base
    balance = views.holdings.balance(command.account, asset.number)
    return f"{text(balance.total - balance.held, asset.decimals)} {asset.code}"
