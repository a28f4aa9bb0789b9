"""The engine's ledger under client money: paths become accounts, postings become commands, records what was heard.

An account at a bank is a custodian of its side; money in suspense is client money. A command's client id is the hash of
its text, so that the engine takes each text once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from isthmus.app.desk import Desk
from isthmus.engine.engine import Record, content_id
from isthmus.kernel.errors import JournalUnavailable
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    ACCOUNT_CUSTODIAN,
    ACCOUNT_KINDS,
    ACCOUNT_SUSPENSE,
    GATEWAYS,
    PURPOSE_NUMBERS,
    REASONS,
    ROLES,
    WALL_SIDES,
    Move,
    MovePending,
    OpenAccount,
    PostPending,
    VoidPending,
)
from isthmus.ledger.custody.books import Heard, Outcome, Posting
from isthmus.ledger.custody.deposits import SUSPENSE
from isthmus.ledger.custody.internal import TRANSIT, Standing, part_of
from isthmus.refdata.directory import Directory

KIND_NAMES = {number: name for name, number in ACCOUNT_KINDS.items()}
WORLD = 1
MOVING = frozenset((Move, MovePending, PostPending, VoidPending))
"""Nothing else reaches an account at a bank: it neither trades nor takes plain deposits."""


class EngineBooks:
    """The commands of the ledger, as the house gives them."""

    def __init__(self, desk: Desk, directory: Directory, decimals: dict[str, int]) -> None:
        self._desk = desk
        self._directory = directory
        self._assets = {code: desk.asset(code, places) for code, places in decimals.items()}
        self._paths: dict[str, int] = {}

    def open(self, paths: Iterable[str]) -> None:
        """Accounts at banks, in transit and in suspense, where they are not there yet."""
        for path in (*paths, TRANSIT, SUSPENSE):
            kind = ACCOUNT_SUSPENSE if path == SUSPENSE else ACCOUNT_CUSTODIAN
            self._paths[path] = self._account(path, kind)

    def _account(self, path: str, kind: int) -> int:
        if self._directory.account(path) is None:
            side = WALL_SIDES[path.rpartition(":")[2]]
            command = OpenAccount(kind=kind, client_id=content_id(path), side=side)
            if self._desk.submit(command, path) is None:
                raise JournalUnavailable("no accounts at custodian banks could be opened")
        known = self._directory.account(path)
        assert known is not None and known.kind == kind, f"account {path} is of another kind"
        return known.number

    def _number(self, named: str | int) -> int:
        return named if isinstance(named, int) else self._paths[named]

    def move(self, posting: Posting) -> Outcome:
        """At once."""
        return self._do(Move(**self._fields(posting)), posting.text)

    def hold(self, posting: Posting) -> Outcome:
        """Until it is posted or voided; it never expires by itself, since a bank may answer late."""
        return self._do(MovePending(expire=0, **self._fields(posting)), posting.text)

    def _fields(self, posting: Posting) -> dict[str, Any]:
        return {
            "source": self._number(posting.source),
            "target": self._number(posting.target),
            "asset": self._assets[posting.currency],
            "amount": posting.amount,
            "purpose": PURPOSE_NUMBERS[posting.purpose],
            "client_id": content_id(posting.text),
        }

    def post(self, hold: int, text: str) -> Outcome:
        """All of it."""
        return self._do(PostPending(transfer=hold, amount=0, client_id=content_id(text)), text)

    def void(self, hold: int, text: str) -> Outcome:
        """None of it."""
        return self._do(VoidPending(transfer=hold, client_id=content_id(text)), text)

    def _do(self, command: Any, text: str) -> Outcome:
        record = self._desk.submit(command, text)
        return Outcome(0, "busy") if record is None else outcome_of(record)

    def available(self, account: int, currency: str) -> int:
        """Total less what is held."""
        total, held = self._desk.engine.balance(account, self._assets[currency])
        return max(0, total - held)

    def at(self, path: str, currency: str) -> int:
        """Total, as staged."""
        return self.balance(self._paths[path], currency)

    def is_client(self, account: int) -> bool:
        """By the directory."""
        return self._directory.is_client(account)

    def standings(self, currencies: Iterable[str]) -> list[Standing]:
        """Every account of the directory, as staged."""
        found = []
        for code in currencies:
            asset = self._assets[code]
            for account in self._directory.accounts.values():
                balance = self._desk.engine.balance(account.number, asset)[0]
                if balance:
                    kind = "world" if account.number == WORLD else KIND_NAMES.get(account.kind, "house")
                    found.append(Standing(account.name, part_of(account.name, kind), code, balance))
        return found

    def clients(self) -> list[tuple[int, str]]:
        """Clients' accounts by number and name."""
        rows = self._directory.accounts.values()
        return [(one.number, one.name) for one in rows if one.kind == ACCOUNT_CLIENT]

    def balance(self, account: int, currency: str) -> int:
        """Total, as staged."""
        return int(self._desk.engine.balance(account, self._assets[currency])[0])


def outcome_of(record: Record) -> Outcome:
    """What became of a command; of one that came before what became of the first."""
    for effect in record.effects:
        if type(effect).__name__ == "Repeated":
            reason = REASONS[effect.reason] if effect.reason else None
            return Outcome(effect.first, reason)
    return Outcome(record.sequence, None if record.reason is None else str(record.reason))


def heard(record: Record, directory: Directory) -> Heard | None:
    """What a record did that client money is concerned with; None for most."""
    kind = type(record.command)
    if kind not in MOVING:
        return None
    effects = {type(effect).__name__ for effect in record.effects}
    own = record.origin.gateway == GATEWAYS["app"] and record.origin.role == ROLES["house"]
    if not effects & {"Posted", "Pending", "PendingEnded", "Repeated"} or record.reason is not None:
        return None
    outcome = outcome_of(record)
    text = record.origin.text if own else ""
    posted = []
    for effect in record.effects:
        if type(effect).__name__ == "Posted":
            for number, amount in ((effect.source, effect.amount), (effect.target, -effect.amount)):
                account = directory.accounts.get(number)
                if account is not None and account.kind == ACCOUNT_CUSTODIAN:
                    posted.append((account.name, directory.assets[effect.asset].code, amount))
    if outcome.reason is not None or not (text or posted):
        return None
    return Heard(outcome.sequence, text, record.stamp, kind is MovePending, tuple(posted), record.origin.text)
