"""What holders are asked to sign. Each makes the message himself from the request: what he judged is what he signs."""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal, InvalidOperation

import msgspec
import rfc8785

from isthmus.audit.keys.bitcoin import Spending, sighash, taproot_script
from isthmus.engine.frost import frost_known
from isthmus.engine.proofs import Checkpoint, LogRefused
from isthmus.kernel.errors import BadInput

USES = ("head", "withdrawal", "cold")
WITHDRAWAL = b"isthmus-withdrawal/1\n"
"""In front of a withdrawal's JSON (RFC 8785), so that its signature means nothing else."""
SATOSHI = Decimal("0.00000001")
TEXT_MAX = 140
AMOUNT_DIGITS = 30
AT = "@"
BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)


class Head(msgspec.Struct, frozen=True, tag_field="use", tag="head", forbid_unknown_fields=True):
    """The text of a C2SP checkpoint; it is signed as it is, so that public tools verify it."""

    text: str


class Withdrawal(
    msgspec.Struct, frozen=True, tag_field="use", tag="withdrawal", forbid_unknown_fields=True, omit_defaults=True
):
    """An instruction to a bank: plain decimals of the asset, the account that is paid, our reference, and the bank of
    that account (BIC, ISO 9362), which is no part of what is signed where it is not named.
    """

    asset: str
    amount: str
    destination: str
    reference: str
    bank: str | None = None


class Cold(msgspec.Struct, frozen=True, tag_field="use", tag="cold", forbid_unknown_fields=True):
    """A Bitcoin transaction that spends by key path; one signature is for one coin of it."""

    spending: Spending
    input: int


Request = Head | Withdrawal | Cold


class Payment(msgspec.Struct, frozen=True):
    """What leaves by a request: amounts count once by `counted_as`, however many signatures it takes."""

    asset: str
    amount: Decimal
    destinations: tuple[str, ...]
    counted_as: str
    bank: str | None = None


def use_of(request: Request) -> str:
    """One of USES."""
    return {Head: "head", Withdrawal: "withdrawal", Cold: "cold"}[type(request)]


def message_of(request: Request) -> bytes:
    """The bytes that are signed. Raises BadInput."""
    if isinstance(request, Head):
        checkpoint_of(request)
        return request.text.encode()
    if isinstance(request, Withdrawal):
        _withdrawal_amount(request)
        return WITHDRAWAL + rfc8785.dumps(msgspec.to_builtins(request))
    return sighash(request.spending, request.input)


def request_id(key: str, request: Request) -> str:
    """The same request of the same key has one name: 32 hexadecimal digits."""
    return hashlib.sha256(key.encode() + b"\x00" + rfc8785.dumps(msgspec.to_builtins(request))).hexdigest()[:32]


def payment_of(request: Request, public: bytes) -> Payment:
    """What leaves, by the key of the package `public`. Raises BadInput."""
    if isinstance(request, Head):
        return Payment("", Decimal(0), (checkpoint_of(request).origin,), "")
    if isinstance(request, Withdrawal):
        amount = _withdrawal_amount(request)
        return Payment(request.asset, amount, (request.destination,), _digest(request), request.bank)
    return _spent(request, taproot_script(frost_known(public)[1][1:]))


def _spent(request: Cold, own: str) -> Payment:
    """All of our coins that does not come back, the miners' fee too: a fee can empty a wallet as well."""
    sighash(request.spending, request.input)
    coins, paid = request.spending.coins, request.spending.paid
    if coins[request.input].script.lower() != own:
        raise BadInput("input", "is no coin of this key")
    ours = sum(coin.satoshis for coin in coins if coin.script.lower() == own)
    back = sum(one.satoshis for one in paid if one.script.lower() == own)
    places = tuple(dict.fromkeys(one.script.lower() for one in paid if one.script.lower() != own))
    return Payment("BTC", (ours - back) * SATOSHI, places, _digest(request.spending))


def _digest(content: Withdrawal | Spending) -> str:
    """What a payment counts as: all of it, so that a second one of the same name counts too."""
    return hashlib.sha256(rfc8785.dumps(msgspec.to_builtins(content))).hexdigest()


def checkpoint_of(head: Head) -> Checkpoint:
    """Raises BadInput."""
    try:
        return Checkpoint.parse(head.text)
    except LogRefused as error:
        raise BadInput("text", f"is no checkpoint: {error.args[1]}") from None


def _withdrawal_amount(request: Withdrawal) -> Decimal:
    for field in ("asset", "destination", "reference"):
        said = getattr(request, field)
        if not 1 <= len(said) <= TEXT_MAX or not said.isprintable():
            raise BadInput(field, f"is not 1 to {TEXT_MAX} printable characters")
    if AT in request.destination:
        raise BadInput("destination", f"has an {AT}, which stands between account and bank in a policy")
    if request.bank is not None and BIC.fullmatch(request.bank) is None:
        raise BadInput("bank", "is no BIC of 8 or 11 characters (ISO 9362)")
    return decimal("amount", request.amount)


def decimal(field: str, text: str) -> Decimal:
    """Plain decimals above zero. Raises BadInput."""
    try:
        amount = Decimal(text) if set(text) <= set("0123456789.") and len(text) <= AMOUNT_DIGITS else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if amount.is_nan() or amount <= 0:
        raise BadInput(field, "is no plain number above zero")
    return amount
