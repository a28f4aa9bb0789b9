"""Handlers of the operator's commands. Each makes a sequenced record; keys and snapshots alone are outside the
journal.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from isthmus.engine.driver import Driver
from isthmus.engine.engine import JournalDamaged, content_id
from isthmus.gateways import operator_shapes, shapes
from isthmus.gateways.amounts import (
    account_number,
    amount_of,
    asset_of,
    instrument_of,
    price_of,
    quantity_of,
)
from isthmus.gateways.keys import KeyStore
from isthmus.gateways.problems import Refusal
from isthmus.gateways.refusals import reason_of, refusal_of
from isthmus.gateways.render import effects
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import body_as
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.submission import Submission, client_text
from isthmus.kernel.ids import account_id, record_id
from isthmus.kernel.messages import (
    ACCOUNT_KINDS,
    INSTRUMENT_KINDS,
    SIDES,
    WALL_SIDES,
    AddAsset,
    AddInstrument,
    CancelAll,
    Deposit,
    Halt,
    Mark,
    OpenAccount,
    Resume,
    Transfer,
    Withdraw,
)
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Asset, Instrument
from isthmus.views.views import Views

KIND_NUMBERS = {name: number for number, name in INSTRUMENT_KINDS.items()}
DECIMALS_MAX = 18
U32_MAX = 2**32 - 1
I32_MAX = 2**31 - 1


class OperatorHandlers:
    """The commands that run the house."""

    def __init__(
        self, submission: Submission, directory: Directory, views: Views, keys: KeyStore, driver: Driver
    ) -> None:
        self._submission = submission
        self._directory = directory
        self._views = views
        self._keys = keys
        self._driver = driver

    async def open_account(self, request: Request) -> Answer:
        """An account of a client, the house, an outside venue, a bank ...; its name makes its path."""
        wanted = body_as(request.body, operator_shapes.NewAccount)
        path = f"{wanted.kind}:{wanted.name}" + (f":{wanted.side}" if wanted.side is not None else "")
        text = client_text(request.asker, path if wanted.name is not None else None, "name")
        side = WALL_SIDES[wanted.side] if wanted.side is not None else 0
        command = OpenAccount(kind=ACCOUNT_KINDS[wanted.kind], client_id=_client_id(text), side=side)
        return await self.do(request, command, None, text)

    async def deposit(self, request: Request) -> Answer:
        """From the outside."""
        return await self._move(request, Deposit)

    async def withdraw(self, request: Request) -> Answer:
        """To the outside."""
        return await self._move(request, Withdraw)

    async def transfer(self, request: Request) -> Answer:
        """Between two accounts."""
        wanted = body_as(request.body, operator_shapes.AccountTransfer)
        asset = asset_of(self._directory, wanted.asset)
        text = client_text(request.asker, wanted.client_id, "client_id")
        command = Transfer(
            source=account_number(wanted.source, "source"),
            target=account_number(wanted.target, "target"),
            asset=asset.number,
            amount=amount_of(wanted.amount, asset),
            client_id=_client_id(text),
        )
        return await self.do(request, command, None, text)

    async def add_asset(self, request: Request) -> Answer:
        """A new asset."""
        wanted = body_as(request.body, operator_shapes.NewAsset)
        _within(wanted.decimals, "decimals", 0, DECIMALS_MAX)
        _symbol(wanted.code, "code", 16)
        return await self.do(request, AddAsset(code=wanted.code, decimals=wanted.decimals), None)

    async def add_instrument(self, request: Request) -> Answer:
        """A new instrument."""
        wanted = body_as(request.body, operator_shapes.NewInstrument)
        base, quote = asset_of(self._directory, wanted.base, "base"), asset_of(self._directory, wanted.quote, "quote")
        return await self.do(request, _listing(wanted, base, quote), None)

    async def halt(self, request: Request) -> Answer:
        """Stop new orders."""
        return await self.do(request, Halt(instrument=self._halting(request), reason=0), None)

    async def resume(self, request: Request) -> Answer:
        """Take them again."""
        return await self.do(request, Resume(instrument=self._halting(request)), None)

    async def cancel_all(self, request: Request) -> Answer:
        """Every order that matches."""
        wanted = body_as(request.body, operator_shapes.MassCancel)
        command = CancelAll(
            account=account_number(wanted.account) if wanted.account is not None else 0,
            instrument=self._number(wanted.instrument),
            side=SIDES[wanted.side] if wanted.side is not None else 0,
        )
        return await self.do(request, command, None)

    async def mark(self, request: Request) -> Answer:
        """A price that money depends on."""
        wanted = body_as(request.body, operator_shapes.NewMark)
        instrument = instrument_of(self._directory, wanted.instrument)
        command = Mark(
            instrument=instrument.number,
            settlement=int(wanted.settlement),
            source=request.known.user,
            price=price_of(wanted.price, instrument),
        )
        return await self.do(request, command, instrument)

    async def snapshot(self, request: Request) -> Answer:
        """Wait for a snapshot of all that is durable; the engine goes on meanwhile."""
        body_as(request.body, shapes.Nothing)
        follower, durable = self._driver.follower, self._views.journal.last
        if follower is None or durable == 0:
            raise Refusal(503, "journal_unavailable", "nobody follows the journal, or it holds nothing yet")
        try:
            path = await asyncio.to_thread(follower.snapshot, durable)
        except (OSError, JournalDamaged) as error:
            raise Refusal(503, "journal_unavailable", f"the snapshot was not written: {error}") from error
        return ok(operator_shapes.Snapshot(path, int(Path(path).stem)))

    async def create_key(self, request: Request) -> Answer:
        """A key for a user, who is made when there is none of this name; one that there is keeps role and account."""
        wanted = body_as(request.body, operator_shapes.NewKey)
        account = self._client_account(wanted.account)
        if wanted.role == "client" and account is None:
            raise Refusal(400, "malformed_request", "a client needs an account", field="account")
        public_key = _public_key(wanted.public_key)
        _symbol(wanted.user, "user", 64)
        if self._keys.standing(wanted.user) not in (None, (wanted.role, account)):
            text = "there is a user of this name with another role or account: his other keys would change too"
            raise Refusal(409, "already_exists", text, field="user", value=wanted.user)
        user = self._keys.user(wanted.user, wanted.role, account)
        key_id, secret = self._keys.create_key(user, public_key)
        shown = account_id(account) if account is not None else None
        return ok(operator_shapes.KeyMade(key_id, secret, wanted.user, wanted.role, shown), status=201)

    async def _move(self, request: Request, kind: type[Any]) -> Answer:
        wanted = body_as(request.body, operator_shapes.Movement)
        asset = asset_of(self._directory, wanted.asset)
        text = client_text(request.asker, wanted.client_id, "client_id")
        amount = amount_of(wanted.amount, asset)
        number = account_number(wanted.account)
        command = kind(account=number, asset=asset.number, amount=amount, client_id=_client_id(text))
        return await self.do(request, command, None, text)

    async def do(self, request: Request, command: Any, instrument: Instrument | None = None, text: str = "") -> Answer:
        """Sends a command; its effects, or the refusal. Raises Refusal."""
        record = await self._submission.submit(command, request.asker, text)
        if reason_of(record) is not None:
            raise refusal_of(record, command, instrument, self._views)
        return ok(shapes.Done(record_id(record.sequence), effects(record)))

    def _halting(self, request: Request) -> int:
        return self._number(body_as(request.body, operator_shapes.Halting).instrument)

    def _number(self, symbol: str | None) -> int:
        return instrument_of(self._directory, symbol).number if symbol is not None else 0

    def _client_account(self, named: str | None) -> int | None:
        if named is None:
            return None
        number = account_number(named)
        if not self._directory.is_client(number):
            raise Refusal(422, "unknown_account", "that is no client's account", field="account", value=named)
        return number


def _listing(wanted: operator_shapes.NewInstrument, base: Asset, quote: Asset) -> Any:
    _within(wanted.price_decimals, "price_decimals", 0, DECIMALS_MAX)
    _within(wanted.quantity_decimals, "quantity_decimals", 0, DECIMALS_MAX)
    _symbol(wanted.instrument, "instrument", 32)
    for field in ("maker_fee_ppm", "taker_fee_ppm"):
        _within(getattr(wanted, field), field, -I32_MAX, I32_MAX)
    for field in ("collar_bps", "initial_margin_bps"):
        _within(getattr(wanted, field), field, 0, U32_MAX)
    _within(wanted.multiplier, "multiplier", 1, 10**9)
    units = Instrument(
        number=0,
        symbol=wanted.instrument,
        kind=KIND_NUMBERS[wanted.kind],
        base=base,
        quote=quote,
        price_decimals=wanted.price_decimals,
        quantity_decimals=wanted.quantity_decimals,
        tick=1,
        lot=1,
        multiplier=wanted.multiplier,
        maker_fee_ppm=wanted.maker_fee_ppm,
        taker_fee_ppm=wanted.taker_fee_ppm,
        collar_bps=wanted.collar_bps,
        initial_margin_bps=wanted.initial_margin_bps,
        mark=0,
    )
    return AddInstrument(
        symbol=wanted.instrument,
        kind=units.kind,
        base=base.number,
        quote=quote.number,
        price_decimals=wanted.price_decimals,
        quantity_decimals=wanted.quantity_decimals,
        tick=price_of(wanted.tick_size, units, "tick_size"),
        lot=quantity_of(wanted.lot_size, units, "lot_size"),
        multiplier=wanted.multiplier,
        maker_fee_ppm=wanted.maker_fee_ppm,
        taker_fee_ppm=wanted.taker_fee_ppm,
        collar_bps=wanted.collar_bps,
        initial_margin_bps=wanted.initial_margin_bps,
        mark=price_of(wanted.mark, units, "mark") if wanted.mark is not None else 0,
    )


def _client_id(text: str) -> bytes:
    return content_id(text) if text else bytes(16)


def _within(value: int, field: str, least: int, most: int) -> None:
    if not least <= value <= most:
        raise Refusal(
            400,
            "malformed_request",
            f"{field} is from {least} to {most}",
            field=field,
            value=str(value),
            limit=f"{least}..{most}",
        )


def _symbol(text: str, field: str, most: int) -> None:
    if not (1 <= len(text) <= most and text.isascii() and text.isprintable()):
        raise Refusal(
            400,
            "malformed_request",
            f"{field} is 1 to {most} printable ASCII characters",
            field=field,
            value=text,
            limit=str(most),
        )


def _public_key(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise Refusal(400, "malformed_request", "a public key is 64 hexadecimal digits", field="public_key", value=text)
    return raw
