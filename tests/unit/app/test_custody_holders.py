"""A withdrawal whose release waits for the holders of a threshold key."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from isthmus.app.custody_desk import CustodyDesk
from isthmus.app.settings import read_defaults, settings_of
from isthmus.audit.keys.requests import Withdrawal as Asked
from isthmus.audit.keys.requests import message_of
from isthmus.audit.keys.signatures import is_signed, keep_signature
from isthmus.gateways.problems import Refusal
from isthmus.ledger.custody.withdrawals import Withdrawal
from isthmus.refdata.directory import Directory

KEY = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01")
PUBLIC = KEY.public_key().public_bytes_raw()
PAID = Withdrawal(
    number=7, account=16, currency="GBP", amount=25_050, to_name="A", to_account="GB33", to_bank="BUKBGB22", user="ann",
    requested_at=1, state="approved", approved_by="bob",
)  # fmt: skip
ASKED = Asked("GBP", "250.5", "GB33", "WD-7", "BUKBGB22")


class Money:
    """One withdrawal, released when asked."""

    def __init__(self) -> None:
        self.store = self
        self.terms = SimpleNamespace(decimals={"GBP": 2})

    def withdrawal(self, _number: int) -> Withdrawal:
        return PAID

    def release(self, _number: int, operator: str, _at: int) -> Withdrawal:
        return msgspec.structs.replace(PAID, state="released", released_by=operator)


def released(data: Path, key: str) -> str:
    settings = msgspec.structs.replace(settings_of(read_defaults(), {}).custody, holders_key=key)
    desk = CustodyDesk(settings, data, Directory())
    desk._money = Money()  # type: ignore[assignment]
    desk._desk = SimpleNamespace(now=lambda: 2)  # type: ignore[assignment]
    return asyncio.run(desk.step_withdrawal("release", 7, "cyd", "")).state


def test_without_a_key_in_the_settings_two_operators_suffice(tmp_path: Path) -> None:
    assert released(tmp_path, "") == "released"


def test_nothing_is_released_before_the_holders_signed_it(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="have not signed WD-7"):
        released(tmp_path, PUBLIC.hex())
    keep_signature(tmp_path, message_of(ASKED), KEY.sign(message_of(ASKED)))
    assert released(tmp_path, PUBLIC.hex()) == "released"


@pytest.mark.parametrize(
    "change",
    [{"amount": "250.6"}, {"destination": "GB34"}, {"reference": "WD-8"}, {"bank": "NWBKGB2L"}, {"bank": None}],
)
def test_a_signature_of_another_payment_releases_nothing(tmp_path: Path, change: dict[str, Any]) -> None:
    other = msgspec.structs.replace(ASKED, **change)
    keep_signature(tmp_path, message_of(ASKED), KEY.sign(message_of(other)))
    keep_signature(tmp_path, message_of(other), KEY.sign(message_of(other)))
    with pytest.raises(Refusal, match="have not signed WD-7"):
        released(tmp_path, PUBLIC.hex())


def test_bytes_that_are_no_signature_are_none(tmp_path: Path) -> None:
    for raw in (b"", b"\xff" * 64, bytes(64), b"x" * 65):
        keep_signature(tmp_path, message_of(ASKED), raw)
        assert not is_signed(tmp_path, PUBLIC, ASKED)
        assert not is_signed(tmp_path, b"\xff" * 32, ASKED)
