"""Which accounts are on which side of the wall between client money and the firm's, and what may pass between them."""

from __future__ import annotations

from .messages import PURPOSES
from .money import CLIENT as CLIENT_KIND
from .money import CUSTODIAN, INSURANCE, INSURANCE_FUND, OMNIBUS, SUSPENSE, TAX, VENUE, WORLD, Ledger

OUTSIDE, CLIENT, CLIENT_BANK, FIRM, FIRM_BANK = "outside", "client", "client bank", "firm", "firm bank"
BANKS = (CLIENT_BANK, FIRM_BANK)
HOLDERS = (CLIENT, FIRM)
CLIENTS = {CLIENT, CLIENT_BANK}
FIRMS = {FIRM, FIRM_BANK}

Ways = set[tuple[str, str]]
WITHIN: Ways = {(CLIENT, CLIENT), (FIRM, FIRM)}
BANKED: Ways = {(CLIENT, CLIENT_BANK), (CLIENT_BANK, CLIENT), (FIRM, FIRM_BANK), (FIRM_BANK, FIRM)}
ABROAD: Ways = {(CLIENT, OUTSIDE), (OUTSIDE, CLIENT), (FIRM, OUTSIDE), (OUTSIDE, FIRM)}
CHARGED: Ways = {(CLIENT, FIRM)}
PAID: Ways = {(FIRM, CLIENT)}
EVERYDAY = WITHIN | BANKED | ABROAD

MAY_JOIN: dict[str, Ways] = {
    "deposit": {(OUTSIDE, CLIENT), (OUTSIDE, FIRM), (CLIENT_BANK, CLIENT), (FIRM_BANK, FIRM)},
    "withdrawal": {(CLIENT, OUTSIDE), (FIRM, OUTSIDE), (CLIENT, CLIENT_BANK), (FIRM, FIRM_BANK)},
    "custody": {
        (CLIENT_BANK, CLIENT_BANK),
        (FIRM_BANK, FIRM_BANK),
        (OUTSIDE, CLIENT_BANK),
        (OUTSIDE, FIRM_BANK),
        (CLIENT_BANK, OUTSIDE),
        (FIRM_BANK, OUTSIDE),
    },
    "fee": EVERYDAY | CHARGED | PAID,
    "tax": EVERYDAY | CHARGED | PAID,
    "interest": EVERYDAY | CHARGED | PAID,
    "settlement": EVERYDAY,
    "dividend": EVERYDAY,
    "collateral": EVERYDAY,
    "correction": EVERYDAY | PAID,
    "top_up": {(CLIENT_BANK, FIRM_BANK), (FIRM, CLIENT)},
    "excess": {(FIRM_BANK, CLIENT_BANK), (CLIENT, FIRM)},
    "allocation": {(CLIENT, CLIENT)},
    "insurance": {(FIRM, FIRM), (CLIENT, FIRM), (FIRM, CLIENT)},
    "invoice": {
        (CLIENT, FIRM),
        (FIRM, FIRM),
        (FIRM, FIRM_BANK),
        (FIRM_BANK, FIRM),
        (FIRM, OUTSIDE),
        (OUTSIDE, FIRM),
    },
}
assert MAY_JOIN.keys() == PURPOSES.keys()


def place(ledger: Ledger, account: int) -> str:
    """Where an account stands."""
    kind, side = ledger.kinds.get(account, 0), ledger.sides.get(account, 0)
    if account == WORLD or kind in (0, VENUE):
        return OUTSIDE
    if kind == CUSTODIAN:
        return CLIENT_BANK if side == 1 else FIRM_BANK
    clients = kind in (CLIENT_KIND, OMNIBUS) or (kind == SUSPENSE and side == 1)
    return CLIENT if clients else FIRM


def side_fits(kind: int, side: int) -> bool:
    """Custodians and suspense accounts have a side, all others have none of their own."""
    return side in (1, 2) if kind in (CUSTODIAN, SUSPENSE) else side == 0


def mixes(ledger: Ledger, source: int, target: int) -> bool:
    """Is one of them of clients and the other of the firm?"""
    places = {place(ledger, source), place(ledger, target)}
    return bool(places & CLIENTS) and bool(places & FIRMS)


def may_join(ledger: Ledger, purpose: str, source: int, target: int) -> bool:
    """May money go from source to target for this purpose?"""
    if (place(ledger, source), place(ledger, target)) not in MAY_JOIN[purpose]:
        return False
    kinds = {ledger.kinds[source], ledger.kinds[target]}
    if purpose == "excess":
        return ledger.kinds[source] != CLIENT_KIND
    if purpose == "insurance":
        return INSURANCE_FUND in kinds or INSURANCE in (source, target)
    if purpose == "tax" and mixes(ledger, source, target):
        return TAX in kinds
    return True
