"""`isthmus keys roster|create|sign|refresh|repair|status`: ceremonies as their coordinator leads them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from isthmus.app.keys_ceremonies import Coordinator, connected
from isthmus.app.keys_heads import head_key, log_named, signed_note
from isthmus.app.keys_member import ROSTER, coordinator_folder, make_coordinator, read_card
from isthmus.app.output import EXIT_FOUND, EXIT_OK, EXIT_UNCLEAN, fail, note, print_json, say
from isthmus.audit.keys.asks import HOLDERS_MAX, Held, Here, Roster, Terms
from isthmus.audit.keys.ceremony import Failed, NotYet
from isthmus.audit.keys.making import SUITES
from isthmus.audit.keys.policy import Policy
from isthmus.audit.keys.record import address_of
from isthmus.audit.keys.requests import Head, Request
from isthmus.audit.places import JOURNAL, LOGS, origin
from isthmus.engine.frost import frost_known
from isthmus.engine.proofs import LogReader, LogRefused, Note
from isthmus.kernel.config import read_toml, shaped
from isthmus.kernel.errors import BadInput


def roster(arguments: argparse.Namespace) -> int:
    """Who takes part: prints {"roster", "holders"}. The file is for every holder's custodian to check and keep."""
    data = Path(arguments.data)
    cards = [read_card(Path(path)) for path in arguments.cards]
    numbers = [card.number for card in cards]
    if len(set(numbers)) != len(numbers) or not all(1 <= number <= HOLDERS_MAX for number in numbers):
        fail("cards", f"have a holder twice, or one that is not 1 to {HOLDERS_MAX}")
    made = Roster((make_coordinator(data), *sorted(cards, key=lambda card: card.number)))
    path = coordinator_folder(data) / ROSTER
    path.write_bytes(msgspec.json.encode(made))
    print_json({"roster": str(path), "holders": sorted(numbers)}) if arguments.json else say(str(path))
    return EXIT_OK


def create(arguments: argparse.Namespace) -> int:
    """Prints {"key", "suite", "use", "of", "threshold", "public_key", "address", "vkey", "vkeys"}."""
    suite = arguments.suite or SUITES[arguments.use][0]
    terms = Terms(arguments.key, suite, arguments.use, arguments.of, arguments.threshold, _policy(arguments))
    with _led(arguments) as coordinator:
        held = coordinator.create(terms)
    answer = _told(held, arguments.name)
    print_json(answer) if arguments.json else say(f"{held.terms.key}: {answer['address'] or answer['public_key']}")
    return EXIT_OK


def sign(arguments: argparse.Namespace) -> int:
    """Prints {"key", "signature", "message", "signers", "cheaters"}, of a note {"note"} too. Exit 3: not yet."""
    request = _request(arguments)
    with _led(arguments) as coordinator:
        try:
            signed = coordinator.sign(arguments.key, request, arguments.wait_s, _log(arguments, request))
        except NotYet as error:
            if arguments.json:
                print_json({"key": arguments.key, "waiting": error.name, "reason": error.reason})
            else:
                say(str(error))
            return EXIT_UNCLEAN
        held = coordinator.held(arguments.key)
    answer = {
        "key": arguments.key,
        "signature": signed.signature.hex(),
        "message": signed.message.hex(),
        "signers": signed.signers,
        "cheaters": signed.cheaters,
    }
    if isinstance(request, Head):
        answer["note"] = signed_note(Path(arguments.note).read_text(), request, held, signed.signature)
    print_json(answer) if arguments.json else say(str(answer.get("note", answer["signature"])))
    return EXIT_FOUND if signed.cheaters else EXIT_OK


def refresh(arguments: argparse.Namespace) -> int:
    """Prints {"key", "epoch", ...}: the key stays, shares from before it are worthless."""
    with _led(arguments) as coordinator:
        held = coordinator.refresh(arguments.key)
    _epoch(arguments, held)
    return EXIT_OK


def repair(arguments: argparse.Namespace) -> int:
    """The share of a holder who lost his."""
    with _led(arguments) as coordinator:
        held = coordinator.repair(arguments.key, arguments.lost)
    _epoch(arguments, held)
    return EXIT_OK


def status(arguments: argparse.Namespace) -> int:
    """Prints {"holders": [{"holder", "state", "keys": [{"key", "epoch"}]}], "keys": [...]}; exit 1 if one is silent."""
    with _led(arguments) as coordinator:
        replies = coordinator.look()
    here = {holder: reply for holder, reply in replies.items() if isinstance(reply, Here)}
    names = sorted({held.terms.key for reply in here.values() for held in reply.keys})
    newest = {
        name: max(
            (one for reply in here.values() for one in reply.keys if one.terms.key == name), key=lambda h: h.epoch
        )
        for name in names
    }
    rows = [
        {
            "holder": holder,
            "state": "present" if holder in here else "silent",
            "keys": [{"key": h.terms.key, "epoch": h.epoch} for h in here[holder].keys] if holder in here else [],
        }
        for holder in replies
    ]
    if arguments.json:
        print_json({"holders": rows, "keys": [_told(held, arguments.name) for held in newest.values()]})
    for row in () if arguments.json else rows:
        say(f"holder {row['holder']}: {row['state']}")
    return EXIT_OK if len(here) == len(replies) else EXIT_FOUND


def _request(arguments: argparse.Namespace) -> Request:
    path = arguments.note or arguments.request
    try:
        content = Path(path).read_bytes()
        if arguments.request:
            return msgspec.json.decode(content, type=Request)  # type: ignore[no-any-return]
        return Head(Note.parse(content).text if b"\n\n" in content else content.decode())
    except OSError as error:
        raise BadInput("note" if arguments.note else "request", f"{path}: {error.strerror}") from None
    except LogRefused as error:
        raise BadInput("note", ": ".join(map(str, error.args))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput("request", str(error)) from None


def _log(arguments: argparse.Namespace, request: Request) -> LogReader | None:
    """Shows the holders that a head extends the one that they signed before it."""
    if not isinstance(request, Head):
        return None
    try:
        if arguments.log:
            return LogReader(Path(arguments.log))
        return log_named(Path(arguments.data), request.text.partition("\n")[0])
    except OSError as error:
        raise BadInput("log", f"{error.filename}: {error.strerror}") from None


def _policy(arguments: argparse.Namespace) -> Policy:
    if arguments.policy:
        return shaped(read_toml(Path(arguments.policy)), Policy)
    if arguments.use != "head":
        fail("policy", "is needed: limits, destinations and a delay (TOML)")
    return Policy(tuple(origin(arguments.name, log) for log in LOGS), by_code=False)


@contextmanager
def _led(arguments: argparse.Namespace) -> Iterator[Coordinator]:
    coordinator, lines = connected(Path(arguments.data), arguments.name)
    try:
        yield coordinator
    except Failed as error:
        raise BadInput(error.name, str(error)) from None
    finally:
        lines.close()


def _told(held: Held, name: str) -> dict[str, object]:
    terms, public = held.terms, frost_known(held.public)[1]
    vkeys = {log: head_key(log, held).text() for log in terms.policy.destinations} if terms.use == "head" else {}
    return {
        "key": terms.key,
        "suite": terms.suite,
        "use": terms.use,
        "of": terms.of,
        "threshold": terms.threshold,
        "epoch": held.epoch,
        "public_key": public.hex(),
        "address": address_of(held),
        "vkey": vkeys.get(origin(name, JOURNAL)),
        "vkeys": vkeys,
    }


def _epoch(arguments: argparse.Namespace, held: Held) -> None:
    if arguments.json:
        print_json(_told(held, arguments.name))
    else:
        note(f"{held.terms.key}: shares of refresh {held.epoch}")
