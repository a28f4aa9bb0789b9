"""Decimals and names of a request as the engine's integers, refused by field when they are none."""

from __future__ import annotations

from isthmus.gateways.keys import Identity
from isthmus.gateways.problems import Refusal
from isthmus.kernel.ids import account_id, number_of
from isthmus.kernel.values import AMOUNT_MAX, NotANumber, TooFine, short_text, units
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Asset, Instrument


def price_of(text: str, instrument: Instrument, field: str = "price") -> int:
    """Raises Refusal 400 (no number) or 422 (finer than the tick, too large to count)."""
    return _units(text, (instrument.price_decimals, instrument.tick), field, "off_tick", "price_too_large")


def quoted_price_of(text: str, instrument: Instrument, field: str = "price") -> int:
    """A price that need not stand on the tick, nor above zero: a strike, a final price. Raises Refusal 400 or 422."""
    return _units(text, (instrument.price_decimals, 1), field, "bad_decimals", "price_too_large")


def quantity_of(text: str, instrument: Instrument, field: str = "quantity") -> int:
    """Raises Refusal 400 (no number) or 422 (finer than the lot, too large to count)."""
    return _units(text, (instrument.quantity_decimals, instrument.lot), field, "off_lot", "quantity_too_large")


def amount_of(text: str, asset: Asset, field: str = "amount") -> int:
    """Raises Refusal 400 or 422."""
    return _units(text, (asset.decimals, 1), field, "bad_decimals", "notional_too_large")


def _units(text: str, grid: tuple[int, int], field: str, too_fine: str, too_large: str) -> int:
    """`grid`: decimals, and the step in units of the last one."""
    decimals, step = grid
    try:
        count = units(text, decimals)
    except NotANumber:
        raise Refusal(
            400, "malformed_number", f"{field} is plain decimal text, like 12.50", field=field, value=text
        ) from None
    except TooFine:
        limit = short_text(step, decimals)
        detail = f"{field} is a multiple of {limit}"
        raise Refusal(422, too_fine, detail, field=field, value=text, limit=limit) from None
    if abs(count) > AMOUNT_MAX:
        limit = short_text(AMOUNT_MAX, decimals)
        raise Refusal(422, too_large, f"{field} is at most {limit}", field=field, value=text, limit=limit)
    return count


def instrument_of(directory: Directory, symbol: str, status: int = 422) -> Instrument:
    """Raises Refusal unknown_instrument."""
    instrument = directory.instrument(symbol)
    if instrument is None:
        raise Refusal(status, "unknown_instrument", "there is no such instrument", field="instrument", value=symbol)
    return instrument


def asset_of(directory: Directory, code: str, field: str = "asset") -> Asset:
    """Raises Refusal unknown_asset."""
    asset = directory.asset(code)
    if asset is None:
        raise Refusal(422, "unknown_asset", "there is no such asset", field=field, value=code)
    return asset


def account_number(text: str, field: str = "account") -> int:
    """The number in "acc-16". Raises Refusal 400."""
    number = number_of("acc", text)
    if number is None or number >= 2**32:
        raise Refusal(400, "malformed_id", "an account looks like acc-16", field=field, value=text)
    return number


def own_account(directory: Directory, identity: Identity, named: str | None) -> int:
    """The account that is meant: the one named, else the asker's. Raises Refusal when he may not or there is none."""
    if named is None:
        if identity.account is None:
            raise Refusal(400, "malformed_request", "name an account: this user has none of its own", field="account")
        return identity.account
    number = account_number(named)
    if not identity.sees_all and number != identity.account:
        raise Refusal(403, "forbidden", "a client acts for his own account only", field="account", value=named)
    if number not in directory.ledger_numbers:
        detail = f"{account_id(number)} is no client's account"
        raise Refusal(422, "unknown_account", detail, field="account", value=named)
    return number
