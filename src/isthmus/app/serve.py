"""`isthmus serve`: the broker in one process, from the first line to a clean stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import ipaddress
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from isthmus.app import demo_keys
from isthmus.app.audit_process import AuditProcess
from isthmus.app.beside_process import BesideProcess
from isthmus.app.books_process import BooksProcess
from isthmus.app.calendars import calendars_of
from isthmus.app.clearing_charge import apply, opened
from isthmus.app.clearing_door import ClearingDoor
from isthmus.app.day_end import DayClose
from isthmus.app.flash_desk import flash_desks
from isthmus.app.forecast_events import EventWatch, read_events
from isthmus.app.gates import Gates
from isthmus.app.house_desks import open_clearing, open_desks
from isthmus.app.link_server import Link
from isthmus.app.live_venues import LiveVenues, open_routes
from isthmus.app.output import EXIT_OK, note, print_json, progress
from isthmus.app.pipeline import Core, Front, build_core, build_front, markets_of, open_keys, open_markets, replay
from isthmus.app.port import GRACE_S, Port, make_room
from isthmus.app.running import Running
from isthmus.app.settings import Settings, read_settings
from isthmus.app.snapshots import newest_sequence, snapshots_in
from isthmus.app.standby import TookOver, follow_folder, follow_link
from isthmus.app.threshold_process import ThresholdProcess
from isthmus.app.witness_process import WitnessProcess
from isthmus.engine.engine import Engine, FolderLocked, JournalDamaged, OtherRelease
from isthmus.engine.market import Market
from isthmus.engine.tape import Tape
from isthmus.gateways.keys import KeyStore
from isthmus.gateways.rest.protocol import RestProtocol
from isthmus.gateways.websocket.protocol import StreamProtocol
from isthmus.kernel.clock import system_clock
from isthmus.kernel.errors import BadInput, Damaged, JournalUnavailable
from isthmus.kernel.values import NS_PER_MS

BACKLOG = 1_024
GC_YOUNG = 10_000
"""New objects between two looks for circles: an order makes some dozens, none of which is in a circle."""
HAND_BACK_MORE_S = 5.0
"""How much longer than clearing is given to hand back its folder is waited for."""
PORT_WAIT_S, PORT_PAUSE_S = 10.0, 0.01
"""How long a standby that took over waits for the former owner's port."""


class StoppedEarly(BaseException):
    """SIGTERM came before the server was up: nobody handles it but `run` and those who have something to close."""


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 after a clean stop, 1 damaged journal or a bug, 2 bad settings, port in use or folder locked."""
    signal.signal(signal.SIGTERM, _stop_early)
    try:
        if arguments.owner is not None and not arguments.standby:
            raise BadInput("from", "is for a standby: give --standby too")
        role = Role(arguments.standby, arguments.owner)
        return _run(read_settings(arguments), role)
    except StoppedEarly:
        return EXIT_OK


def _stop_early(_signal: int, _frame: object) -> None:
    raise StoppedEarly


class Role(msgspec.Struct, frozen=True):
    """Owner from the start, or a standby: of the same folder, or of the `owner` at this address."""

    standby: bool
    owner: str | None


def _run(settings: Settings, role: Role) -> int:
    data = _data_folder(settings)
    make_room(settings.front.connections)
    if settings.markets:
        note(f"reading the recordings in {settings.markets}")
    markets = markets_of(settings)
    live = LiveVenues(settings.venues, system_clock, settings.margin.mark_ms * NS_PER_MS) if settings.venues else None
    if live is not None:
        markets.append(live.market)
    with contextlib.ExitStack() as stack:
        listener = None if role.standby else stack.enter_context(_listening(settings))
        core, took_over = _owned(settings, role, stack)
        if listener is None:
            listener = _listening_soon(settings, stack)
        try:
            keys = open_keys(data, system_clock)
        except (OSError, sqlite3.Error) as error:
            raise BadInput("data", f"{data / 'keys.sqlite'}: {error}") from error
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                return runner.run(_serve(settings, core, keys, (markets, live), (listener, took_over)))
        finally:
            keys.close()


def _owned(settings: Settings, role: Role, stack: contextlib.ExitStack) -> tuple[Core, TookOver | None]:
    """The engine as the folder's owner, at once or when a standby's time has come, with views that know its records."""
    if role.standby and role.owner is None:
        core, took_over = follow_folder(settings, system_clock)
        stack.enter_context(_closing(core.engine))
        return core, took_over
    engine = stack.enter_context(_engine(settings))
    core = build_core(engine, settings, system_clock)
    _read_journal(core, settings)
    return core, follow_link(settings, core, role.owner) if role.owner is not None else None


async def _serve(
    settings: Settings,
    core: Core,
    keys: KeyStore,
    traded: tuple[list[Market], LiveVenues | None],
    came: tuple[socket.socket, TookOver | None],
) -> int:
    listener, took_over = came
    markets, live = traded
    data, url = Path(settings.data), _url(listener, settings.front.tls.only)
    link = Link(settings.standby, data, core.engine) if settings.standby.listen else None
    if (tape := _tape(settings, data)) is not None:
        core.outside.keep(tape, core.desk.now())
    open_markets(core, markets)
    desks = _desks(core, settings, live)
    timed = _timed(core, settings, markets)
    gc.set_threshold(GC_YOUNG)
    gc.freeze()  # recordings stay: without this a collection walks all of them and stops the loop for 50 ms and more
    demo = demo_keys.prepare(core, keys, data, url)
    if link is not None:
        core.driver.standby = link
        await link.open()
        note(f"a standby may link up at port {link.port}; answers wait for its receipts")
    running = Running(core, markets, settings.durability, settings.limits.stream, link)
    running.beside = [loop for one in (live, core.custody) if one is not None for loop in one.loops()]
    try:
        await _settled(running, link)
    except OSError as error:
        raise JournalUnavailable(f"the journal cannot be written: {error.strerror or error}") from error
    front = build_front(core, settings, keys, system_clock, markets)
    gates = Gates(core, settings, keys, front, live)
    port, watched = await _port(settings, front, gates, listener)
    serving = asyncio.create_task(port.serve())
    _stop_by_signal(port)
    core.driver.follow()
    gates.start(running)
    working = running.start(front.hub, front.feed, [*timed, *desks])
    await port.listening.wait()
    books, audit = BooksProcess.started(data, settings.books), AuditProcess.started(data, settings.audit)
    signers = ThresholdProcess.started(data, settings.audit), WitnessProcess.started(data, settings.audit)
    front.parts.reads.audit_fault = lambda: audit.fault
    login = demo_keys.login_link(keys, url, settings.limits.login_link_s)
    _announce(markets, demo, login, took_over, (settings, gates.fix_port(url)))
    await asyncio.wait({serving, working, *watched}, return_when=asyncio.FIRST_COMPLETED)
    failed = working.done() and not serving.done()
    port.stop()
    await serving
    await gates.close()
    await running.stop()
    if live is not None:
        await live.close()
    if failed:
        working.result()
    for market in markets:
        market.close()
    await _finish(core, running, (books, audit), signers)
    _let_go(core)
    if link is not None:
        await link.close()
    return EXIT_OK


def _stop_by_signal(port: Port) -> None:
    """SIGTERM and Ctrl-C stop the port, and with it everything."""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, port.stop)


def _desks(core: Core, settings: Settings, live: LiveVenues | None) -> list[Any]:
    """The house's desks, ways to venues and client money, once markets are open. They act at their times."""
    desks: list[Any] = [*open_desks(core, settings), *open_routes(core, settings, live), *open_clearing(core, settings)]
    core.router.restart()
    if core.custody is not None:
        core.custody.open(core.desk, core.views)
        desks.append(core.custody)
    return desks


def _let_go(core: Core) -> None:
    """Files that were held open beside the journal."""
    core.outside.close()
    if core.custody is not None:
        core.custody.close()


def _timed(core: Core, settings: Settings, markets: list[Market]) -> list[Any]:
    """Calendars, forecast events, clearing's door and flash routes: they act at their times."""
    events = read_events(Path(settings.routes.events)) if settings.routes.events else []
    watch = EventWatch(events, core.outside.guard, core.directory)
    calendars = calendars_of(settings.calendars, core.desk, core.directory, core.views.sessions)
    closes = [DayClose(core.desk, core.directory, core.views.holdings.closed_at)] if settings.margin.close_day else []
    door = ClearingDoor(core.desk, Path(settings.data))
    return [*calendars, watch, *closes, door, *flash_desks(core.desk, markets, settings.flash)]


async def _port(
    settings: Settings, front: Front, gates: Gates, listener: socket.socket
) -> tuple[Port, set[asyncio.Future[None]]]:
    """The port, which lets connections in from now on, and tasks that only a bug would end. Raises BadInput for what
    cannot be served.
    """
    try:
        watched = await gates.open()
        return Port(_config(settings, front), listener, settings.front, gates.doors), watched
    except BadInput:
        await gates.close()
        raise


def _tape(settings: Settings, data: Path) -> Tape | None:
    """Where outside markets are kept. A former owner that was stopped and not ended still holds it: without a tape
    everything goes on but the reasons of routes cannot be made again.
    """
    try:
        return Tape(str(data / "tape"), keep_bytes=settings.routes.tape_bytes)
    except FolderLocked:
        note(f"{data / 'tape'} is held by another process: outside markets are not kept in this run")
        return None


async def _settled(running: Running, link: Link | None) -> None:
    """Everything that was staged so far, as durable as promised; with a link, when the standby has come."""
    while True:
        try:
            return await running.settle_all()
        except TimeoutError:
            if link is None:
                raise
            note("waiting for the standby to link up")


async def _finish(
    core: Core, running: Running, beside: tuple[BesideProcess, ...], signers: tuple[BesideProcess, ...]
) -> None:
    """Everything staged becomes durable, and the state is written beside the journal; books and audit trail reach its
    end, then nobody is left to sign its heads. Raises JournalUnavailable.
    """
    try:
        await running.settle_all()
        core.engine.snapshot()
    except OSError as error:
        raise JournalUnavailable(f"the journal could not be closed cleanly: {error.strerror or error}") from error
    except JournalDamaged as error:
        raise Damaged(str(error)) from error
    await asyncio.gather(*(one.close() for one in beside))
    for one in signers:
        await one.close()
    note("stopped cleanly: the journal is sealed")


def _config(settings: Settings, front: Front) -> uvicorn.Config:
    limits = settings.limits
    return uvicorn.Config(
        front.application,
        http=RestProtocol,
        ws=StreamProtocol,
        ws_max_size=limits.stream.message_bytes * 4,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=limits.keep_alive_s,
        timeout_graceful_shutdown=GRACE_S,
    )


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _data_folder(settings: Settings) -> Path:
    data = Path(settings.data)
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput("data", f"{data}: {error.strerror}") from error
    return data


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Raises BadInput when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise BadInput("port", f"{settings.host}:{settings.port}: {error.strerror}") from error
    listener.listen(BACKLOG)
    with listener:
        yield listener


@contextlib.contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    """Recovered from the folder; closed (which seals the journal) on the way out of a clean stop only."""
    try:
        engine = opened(Path(settings.data), lambda: _own(settings), settings.clearing.hand_back_s + HAND_BACK_MORE_S)
    except FolderLocked as error:
        raise BadInput("data", f"{settings.data} is in use by another process") from error
    except JournalDamaged as error:
        raise Damaged(f"{settings.data}: {error}") from error
    except OtherRelease as error:
        raise BadInput("data", f"{settings.data}: {error}") from error
    except OSError as error:
        raise BadInput("data", f"{settings.data}: {error.strerror or error}") from error
    torn = engine.recovered.get("torn_bytes")
    if torn:
        note(f"the last stop was not clean: {torn} bytes that were never acknowledged were cut")
    elif (known := newest_sequence(snapshots_in(Path(settings.data)))) > engine.sequence:
        raise Damaged(
            f"{settings.data}: the journal ends at record {engine.sequence}, a snapshot was made of record {known}: "
            "bring back its segments, or remove the snapshots to go on without these records"
        )
    with _closing(engine):
        if done := apply(engine, Path(settings.data)):
            note(f"{len(done)} records of clearing, made while trading was down, are applied")
        yield engine


def _own(settings: Settings) -> Engine:
    return Engine(settings.data, settings.durability, snapshot_records=settings.snapshot_records)


@contextlib.contextmanager
def _closing(engine: Engine) -> Iterator[None]:
    """Closes on the way out of a clean stop only."""
    try:
        yield
    except StoppedEarly:
        engine.close()
        raise
    engine.close()


def _listening_soon(settings: Settings, stack: contextlib.ExitStack) -> socket.socket:
    """As `_listening`, at a port that a former owner may still be letting go."""
    until = time.monotonic() + PORT_WAIT_S
    while True:
        try:
            return stack.enter_context(_listening(settings))
        except BadInput:
            if time.monotonic() > until:
                raise
            time.sleep(PORT_PAUSE_S)


def _read_journal(core: Core, settings: Settings) -> None:
    """All of it, for directory and views: what recovery skipped thanks to a snapshot is checked here too."""
    try:
        with progress("reading the journal", core.engine.sequence) as advance:
            replay(core, settings.data, advance)
    except JournalDamaged as error:
        raise Damaged(f"{settings.data}: {error}") from error


def _url(listener: socket.socket, tls: bool) -> str:
    address = ipaddress.ip_address(listener.getsockname()[0])
    host = "127.0.0.1" if address.is_unspecified else str(address)
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{listener.getsockname()[1]}"


def _announce(
    markets: list[Market],
    demo: demo_keys.DemoFile,
    link: str,
    took_over: TookOver | None,
    of: tuple[Settings, int | None],
) -> None:
    settings, fix_port = of
    url = demo.url
    rows = [row for market in markets for row in market.listing()]
    ready = {
        "event": "ready",
        "pid": os.getpid(),
        "url": url,
        "data": str(Path(settings.data).resolve()),
        "alpaca": f"{url}/alpaca",
        "mode": markets[0].mode,
        "markets": rows,
        "fix": fix_port,
    }
    print_json(ready if took_over is None else ready | {"took_over": took_over})
    note(f"terminal    {link}   (works once; another one: isthmus demo-keys)")
    note(f"API         {url}   documentation: {url}/docs")
    if fix_port is not None:
        note(f"FIX         port {fix_port}   the demo key's id to {settings.fix.comp_id}, its secret as Password")
    note(f"demo key    {demo.client.key_id}   account {demo.account}")
    note(f"secret      {demo.client.secret}")
    note("stop        Ctrl-C")
