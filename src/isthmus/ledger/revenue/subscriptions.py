"""Market data: who may see what on how many devices, and what a month of it costs.

A device counts once a month however often it looked (unit of count: device, as exchanges' data policies have it);
non-display use is a flat fee. Counts equal the log of accesses, so that an audit can repeat them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from isthmus.kernel.errors import BadInput


class Product(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Minor units a month; `professional` and `private` for each device, `non_display` once."""

    name: str
    asset: str
    professional: int
    private: int
    non_display: int = 0


class Access(Struct, frozen=True):
    """A device of an account looked at a product. `month` is year * 12 + month - 1."""

    account: str
    product: str
    device: str
    professional: bool
    display: bool
    month: int


class Usage(Struct, frozen=True):
    """What an account owes for a product and a month."""

    account: str
    product: str
    month: int
    devices: int
    amount: int


def usage(log: Iterable[Access], products: Mapping[str, Product], month: int) -> list[Usage]:
    """One row an account and product. Raises BadInput for a product that is not in the list."""
    seen: dict[tuple[str, str], dict[str, bool]] = {}
    flat: set[tuple[str, str]] = set()
    for access in log:
        if access.month != month:
            continue
        if access.product not in products:
            raise BadInput("product", f"{access.product!r} is not in the price list")
        key = access.account, access.product
        if access.display:
            devices = seen.setdefault(key, {})
            devices[access.device] = devices.get(access.device, False) or access.professional
        else:
            flat.add(key)
    return [_row(key, seen.get(key, {}), key in flat, products[key[1]], month) for key in sorted(seen.keys() | flat)]


def _row(key: tuple[str, str], devices: dict[str, bool], flat: bool, product: Product, month: int) -> Usage:
    shown = sum(product.professional if professional else product.private for professional in devices.values())
    return Usage(*key, month, len(devices), shown + (product.non_display if flat else 0))
