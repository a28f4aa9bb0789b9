"""Settlement instructions of the running broker as files, and what depositories answer: `[settlement.messages]`.

Owns: the folders `out` and `in` of DATA/settlement. Takes: obligations as they are novated; statuses (MT548,
sese.024) and confirmations (MT544 to MT547, sese.025) from the folder `in`. Emits: one instruction for each
obligation of a participant whose BIC is known, in a security whose ISIN is known; acts where a depository says
that a delivery fails, or fails no more. Foreign exchange is confirmed by MT300 instead (confirmations_desk.py),
with the value date that clearing has.
"""

from __future__ import annotations

from collections import deque
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec

from isthmus.app.settlement_settings import MessageSettings
from isthmus.app.settlement_words import Act, Lift, Report
from isthmus.clearing.instructions import (
    ENDS,
    FAILING,
    INSTRUCTED,
    SETTLED,
    Instruction,
    Parties,
    Security,
    answered,
    instruct,
)
from isthmus.clearing.settling import WHY
from isthmus.clearing.terms import PVP
from isthmus.clearing.trades import HOUSE, Obligation
from isthmus.gateways.iso20022 import settlements
from isthmus.gateways.iso20022.reading import read
from isthmus.gateways.iso20022.settlements import Settlement
from isthmus.gateways.settlement import fin
from isthmus.gateways.settlement.statuses import Advice, read_advice, read_mt548
from isthmus.gateways.swift.fin import parse_fin
from isthmus.gateways.xmlguard.stops import Stopped
from isthmus.kernel.errors import BadInput
from isthmus.refdata.directory import Directory

FILE_BYTES_MAX = 1 << 20
AT_ONCE_MAX = 50
"""Files written or read at one look."""
OTHER = "OTHR"


class Told(msgspec.Struct):
    """An instruction of ours and what became of it."""

    trade: str
    instruction: Instruction
    state: str = INSTRUCTED
    reason: str = ""


def settlement_of(told: Instruction) -> Settlement:
    """An instruction as the gateways' value: the deliverer's and the receiver's chains begin with the depository."""
    ours, theirs = (told.place, told.own), (told.place, told.other)
    return Settlement(
        reference=told.reference,
        movement="DELI" if told.delivers else "RECE",
        isin=told.security,
        quantity=_decimal(told.quantity, told.quantity_decimals),
        trade_date=told.traded_on.isoformat(),
        settlement_date=told.due.isoformat(),
        account=told.account,
        amount=_decimal(told.amount, told.amount_decimals),
        currency=told.currency,
        delivering=ours if told.delivers else theirs,
        receiving=theirs if told.delivers else ours,
    )


def _decimal(count: int, decimals: int) -> Decimal:
    return Decimal(count).scaleb(-decimals)


def text_of(told: Instruction, form: str) -> str:
    """FIN text or XML. Raises BadInput by the field that has no place in the message."""
    settlement = settlement_of(told)
    if form == "iso20022":
        return settlements.instruction(settlement)
    return fin.instruction(settlement, told.own, told.place)


class Answer(msgspec.Struct, frozen=True):
    """What a file says of an instruction: its new state; of a confirmation also what settled."""

    reference: str
    state: str
    reason: str = ""
    settled: Settlement | None = None


def answer_of(raw: bytes) -> Answer:
    """MT544 to MT548, sese.024 or sese.025. Raises BadInput for anything else."""
    text = raw.decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    if text.startswith("{"):
        return _of_fin(text)
    try:
        root = read(raw)
    except Stopped as stopped:
        raise BadInput("file", str(stopped)) from stopped
    body = root if len(root) != 1 else root[0]
    if str(body.tag).rpartition("}")[2] == "SctiesSttlmTxStsAdvc":
        return _of_advice(read_advice(body))
    return _confirmed(settlements.read_settlement(body))


def _of_fin(text: str) -> Answer:
    if parse_fin(text).message_type == "548":
        return _of_advice(read_mt548(text))
    found = fin.read_settlement(text)
    if not found.confirmed:
        raise BadInput("fin", "is an instruction, no confirmation")
    return _confirmed(found.settlement)


def _of_advice(told: Advice) -> Answer:
    state = INSTRUCTED if told.state == "accepted" else told.state
    return Answer(told.reference, state, told.reason or "")


def _confirmed(found: Settlement) -> Answer:
    return Answer(found.reference, SETTLED, "", found)


def mismatches(told: Instruction, settled: Settlement) -> list[str]:
    """Fields in which a confirmation is not what was instructed; a part of the quantity is told as a difference."""
    mine = settlement_of(told)
    fields = ("movement", "isin", "quantity", "currency", "amount")
    return [name for name in fields if getattr(mine, name) != getattr(settled, name)]


class MessageDesk:
    """Instructs and hears; `step` it. Its states are what records and folders say, so that a restart finds them
    again.
    """

    def __init__(self, settings: MessageSettings, directory: Directory) -> None:
        self._settings = settings
        self._directory = directory
        self.told: dict[str, Told] = {}
        self.refused: list[tuple[str, str]] = []
        """(file, why) of what could not be read or followed."""
        self._writing: deque[Told] = deque()
        self._read: set[str] = set()
        self._folder: Path | None = None
        self.acts: deque[Act] = deque()
        """What depositories' answers ask for."""

    def open(self, folder: Path | None) -> None:
        """Where files go; None writes and reads none."""
        self._folder = folder

    def obligation(self, obligation: Obligation, how: str) -> None:
        """Instructs one, if all that a message names is known."""
        if how == PVP or obligation.participant == HOUSE or not self._settings.own_bic:
            return
        account = self._directory.accounts[obligation.participant]
        base, quote = self._directory.assets[obligation.base], self._directory.assets[obligation.quote]
        other, isin = self._settings.parties.get(account.name), self._settings.isins.get(base.code)
        if other is None or isin is None:
            return
        own = self._settings
        security = Security(isin, base.decimals, quote.code, quote.decimals)
        try:
            made = instruct(obligation, security, Parties(own.own_bic, other, own.depository, own.account))
        except BadInput as error:
            self.refused.append((obligation.reference, str(error)))
            return
        told = self.told[made.reference] = Told(obligation.trade, made)
        self._writing.append(told)

    def step(self) -> bool:
        """Writes what waits and reads what came; whether more waits. Raises OSError."""
        if self._folder is None:
            return False
        for _ in range(min(len(self._writing), AT_ONCE_MAX)):
            self._write(self._folder / "out", self._writing[0])
            self._writing.popleft()
        into = self._folder / "in"
        if into.is_dir() and not self._writing:
            new = sorted(
                path for path in into.iterdir() if path.suffix in (".fin", ".xml") and path.name not in self._read
            )
            for path in new[:AT_ONCE_MAX]:
                self._read.add(path.name)
                self._take(path)
        return bool(self._writing)

    def _write(self, folder: Path, told: Told) -> None:
        path = folder / f"{told.instruction.reference}.{'fin' if self._settings.form == 'fin' else 'xml'}"
        if path.exists():
            return
        try:
            text = text_of(told.instruction, self._settings.form)
        except BadInput as error:
            self.refused.append((told.instruction.reference, str(error)))
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(text.encode())
        part.replace(path)

    def _take(self, path: Path) -> None:
        try:
            if path.stat().st_size > FILE_BYTES_MAX:
                raise BadInput("file", f"is larger than {FILE_BYTES_MAX} bytes")
            self.hear(answer_of(path.read_bytes()))
        except BadInput as error:
            self.refused.append((path.name, str(error)))

    def hear(self, answer: Answer) -> None:
        """An answer to an instruction of ours. Raises BadInput for another's, or one that cannot follow."""
        told = self.told.get(answer.reference)
        if told is None:
            raise BadInput("reference", f"{answer.reference[:20]!r} is no instruction of ours")
        if answer.settled is not None and (wrong := mismatches(told.instruction, answer.settled)):
            raise BadInput(wrong[0], f"of {answer.reference} is not what was instructed")
        before, told.state = told.state, answered(told.state, answer.state)
        told.reason = answer.reason
        if told.state == FAILING and before != FAILING:
            self.acts.append(Report(told.trade, answer.reason if answer.reason in WHY else OTHER))
        elif before == FAILING and told.state not in ENDS:
            self.acts.append(Lift(told.trade))

    def due(self, day: date) -> list[Told]:
        """Instructions that should have settled by a day and have not."""
        return [one for one in self.told.values() if one.instruction.due <= day and one.state not in ENDS]
