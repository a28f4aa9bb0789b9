"""`isthmus keys enroll|serve|approve|alarms|enter`: what a custodian does with his own holder."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
from pathlib import Path

from isthmus.app.keys_link import HolderServer, Lines
from isthmus.app.keys_member import (
    CARD,
    make_member,
    open_vault,
    read_card,
    read_kept,
    read_roster,
    secret,
    signing,
    write_kept,
)
from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, print_json, say
from isthmus.audit.keys import asks
from isthmus.audit.keys.asks import HOLDERS_MAX, Ask, Card, Here, Judged, Reply, Roster, Silent, Told
from isthmus.audit.keys.holder import Holder
from isthmus.audit.keys.kept import begun
from isthmus.audit.keys.policy import Refused
from isthmus.audit.keys.record import what_of
from isthmus.audit.keys.sealing import public_of
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import time_text


def enroll(arguments: argparse.Namespace) -> int:
    """A new holder: prints {"holder", "card"}. Passphrase, code and code of duress come from standard input."""
    if not 1 <= arguments.holder <= HOLDERS_MAX:
        fail("holder", f"is not 1 to {HOLDERS_MAX}")
    passphrase, code, duress = secret("passphrase"), secret("code"), secret("duress")
    folder = Path(arguments.state)
    enrolled(folder, (arguments.holder, arguments.host, arguments.port), passphrase, (code, duress))
    path = folder / CARD
    if arguments.json:
        print_json({"holder": arguments.holder, "card": str(path)})
    else:
        say(f"holder {arguments.holder}: give {path} to whoever makes the roster")
    return EXIT_OK


def enrolled(folder: Path, place: tuple[int, str, int], passphrase: str, codes: tuple[str, str]) -> Card:
    """A new holder at `place`: number, host, port; `codes`: the ordinary one and that of duress. Raises BadInput."""
    kept = begun(place[0], *codes, secrets.token_bytes)
    vault = open_vault(folder, passphrase)
    card = make_member(folder, place, public_of(kept.box), passphrase)
    write_kept(vault, kept)
    return card


def serve(arguments: argparse.Namespace) -> int:
    """Answers until SIGTERM; the first row on standard output tells that it is ready."""
    folder, passphrase = Path(arguments.state), secret("passphrase")
    vault = open_vault(folder, passphrase)
    kept = read_kept(vault)
    if kept.number != arguments.holder:
        fail("holder", f"{folder} is of holder {kept.number}")
    holder = Holder(kept, lambda changed: write_kept(vault, changed), secrets.token_bytes, signing(folder, passphrase))
    roster = read_roster(Path(arguments.roster)) if arguments.roster else kept.roster
    if roster is None:
        fail("roster", "is needed at the first start")
    holder.enter(roster)
    asyncio.run(_serve(HolderServer(holder, folder, passphrase, roster), kept.number, read_card(folder / CARD)))
    return EXIT_OK


async def _serve(server: HolderServer, number: int, card: Card) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    listening = asyncio.Event()
    running = asyncio.create_task(server.run(card.host, card.port, stop, listening))
    ready = asyncio.create_task(listening.wait())
    await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED)
    if listening.is_set():
        print_json({"ready": True, "holder": number, "host": card.host, "port": card.port})
    ready.cancel()
    await running


def approve(arguments: argparse.Namespace) -> int:
    """Without a request: prints {"waiting": [...]}, what waits for this custodian. Else {"request", "state"}."""
    if arguments.request is None:
        reply = _own(arguments, asks.Look())
        if not isinstance(reply, Here):
            return _unwell(reply)
        rows = [{"request": one.id, "key": one.key, "what": what_of(one.request)} for one in reply.waiting]
        if arguments.json:
            print_json({"waiting": rows})
        for row in () if arguments.json else rows:
            say(f"{row['request']} by {row['key']}: {row['what']}")
        return EXIT_OK
    if arguments.key is None:
        fail("key", "is needed to approve a request")
    reply = _own(arguments, None)
    if not isinstance(reply, Judged):
        return _unwell(reply)
    print_json({"request": reply.id, "state": reply.state}) if arguments.json else say(f"{reply.id}: {reply.state}")
    return EXIT_OK


def alarms(arguments: argparse.Namespace) -> int:
    """Prints {"alarms": [{"holder", "key", "request", "time"}]}; exit 1 while one stands."""
    reply = _own(arguments, None)
    if not isinstance(reply, Told):
        return _unwell(reply)
    rows = [{"holder": by, "key": key, "request": one, "time": time_text(at)} for by, key, one, at in reply.alarms]
    if arguments.json:
        print_json({"alarms": rows})
    for row in () if arguments.json else rows:
        say(f"{row['time']}: the custodian of holder {row['holder']} gave his code of duress")
    return EXIT_FOUND if rows else EXIT_OK


def enter(arguments: argparse.Namespace) -> int:
    """Lets a running holder know another roster."""
    reply = _own(arguments, None, read_roster(Path(arguments.roster)))
    if not isinstance(reply, Told):
        return _unwell(reply)
    print_json({"entered": True}) if arguments.json else say("entered")
    return EXIT_OK


def _own(arguments: argparse.Namespace, ask: Ask | None, roster: Roster | None = None) -> Reply:
    """Asks the holder of this folder, as himself; without an ask, the one that takes the custodian's code."""
    folder, passphrase = Path(arguments.state), secret("passphrase")
    if ask is None:
        code = secret("code")
        if roster is not None:
            ask = asks.Enter(code, roster)
        elif arguments.runner.endswith("approve"):
            ask = asks.Approve(arguments.key, arguments.request, code)
        else:
            ask = asks.Alarms(code, arguments.clear)
    return ask_own(folder, passphrase, ask)


def ask_own(folder: Path, passphrase: str, ask: Ask) -> Reply:
    """Asks the running holder of this folder, as himself. Raises BadInput."""
    card = read_card(folder / CARD)
    lines = Lines(folder, Roster((card,)), passphrase)
    try:
        return lines.ask({card.number: ask})[card.number]
    finally:
        lines.close()


def _unwell(reply: Reply) -> int:
    if isinstance(reply, Refused):
        raise BadInput(None, f"{reply.name}: {reply.reason}")
    raise BadInput("state", reply.reason if isinstance(reply, Silent) else "the holder replies something else")
