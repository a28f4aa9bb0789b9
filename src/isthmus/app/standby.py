"""`isthmus serve --standby`: follows the journal, and becomes the server when its owner is gone.

On one host it follows the same folder and takes over by itself when the folder's lock is free, which is when the
owner's process has ended however it ended. An owner that is stopped but alive keeps its lock: then it is for an
operator to say `isthmus takeover`. From another host (`--from`) it keeps a copy over a link, and takes over by that
command only: from there an owner that is gone looks like a network that is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from isthmus.app.clearing_charge import apply, ask_back
from isthmus.app.link_client import Upstream
from isthmus.app.output import note, print_json
from isthmus.app.pipeline import Core, build_core, feed, replay
from isthmus.app.settings import Settings
from isthmus.engine.engine import Engine, FolderLocked, JournalDamaged, OtherRelease
from isthmus.kernel.clock import Clock
from isthmus.kernel.errors import BadInput, Damaged, JournalUnavailable

POLL_S = 0.005
"""Between two looks at the lock and for an operator's request."""
Found = TypeVar("Found")

STRETCH = 2_048
"""Records taken in at a time."""
REQUEST = "takeover.request"
"""In the data folder: made by `isthmus takeover`, removed by the standby that obeys."""


class TookOver(msgspec.Struct, frozen=True):
    """How the standby became the server. `seconds`: from when it saw that it had to until the journal was its own."""

    epoch: int
    sequence: int
    forced: bool
    seconds: float


def follow_folder(settings: Settings, clock: Clock) -> tuple[Core, TookOver]:
    """Follows the folder until it is ours. Raises Damaged when it is no journal that this release can run."""
    engine = _faults(settings, lambda: Engine.stand_by(settings.data, settings.durability, **_options(settings)))
    core = build_core(engine, settings, clock)
    _faults(settings, lambda: replay(core, settings.data, lambda _count: None))
    _announce(settings, engine)
    while True:
        records = _faults(settings, lambda: engine.catch_up(STRETCH))
        feed(core, records)
        if records:
            continue
        taken = _taken(settings, core)
        if taken is not None:
            feed(core, _faults(settings, lambda: apply(core.engine, Path(settings.data))))
            core.driver.attach()
            return core, taken
        time.sleep(POLL_S)


def _taken(settings: Settings, core: Core) -> TookOver | None:
    """Takes over if the lock is free, or if an operator said so; None otherwise."""
    forced = _asked(settings)
    started = time.perf_counter()
    try:
        records = core.engine.take_over(forced)
    except FolderLocked:
        ask_back(Path(settings.data))
        return None
    except (OSError, JournalDamaged, OtherRelease) as error:
        raise _fault(settings, error) from error
    feed(core, records)
    return TookOver(core.engine.epoch, core.engine.sequence, forced, round(time.perf_counter() - started, 4))


def follow_link(settings: Settings, core: Core, address: str) -> TookOver:
    """Keeps a copy of the journal of the owner at `address` until an operator says to take over."""
    upstream = Upstream(address, Path(settings.data), core.engine)
    _announce(settings, core.engine)
    while not _asked(settings):
        try:
            upstream.step(POLL_S, lambda records: feed(core, records))
        except JournalDamaged as error:
            raise _fault(settings, error) from error
        except OSError as error:
            upstream.lost(error.strerror or str(error))
    started = time.perf_counter()
    epoch = core.engine.begin_epoch(upstream.epoch)
    upstream.fence(epoch)
    return TookOver(epoch, core.engine.sequence, True, round(time.perf_counter() - started, 4))


def _options(settings: Settings) -> dict[str, int]:
    return {"snapshot_records": settings.snapshot_records}


def _asked(settings: Settings) -> bool:
    """Whether an operator asked for it; the request is taken."""
    request = Path(settings.data) / REQUEST
    if not request.exists():
        return False
    request.unlink(missing_ok=True)
    return True


def _announce(settings: Settings, engine: Engine) -> None:
    data = str(Path(settings.data).resolve())
    print_json({"event": "standby", "pid": os.getpid(), "data": data, "sequence": engine.sequence})
    note("standing by")


def _faults(settings: Settings, act: Callable[[], Found]) -> Found:
    try:
        return act()
    except (OSError, JournalDamaged, OtherRelease) as error:
        raise _fault(settings, error) from error


def _fault(settings: Settings, error: OSError | JournalDamaged | OtherRelease) -> Exception:
    if isinstance(error, JournalDamaged):
        return Damaged(f"{settings.data}: {error}")
    if isinstance(error, OtherRelease):
        return BadInput("data", f"{settings.data}: {error}")
    return JournalUnavailable(f"{settings.data}: {error.strerror or error}")
