"""What of a folder can be played: files recognised by their content, `markets.toml` over that, and why the rest is
left.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input
from isthmus.venues.formats import dbn, lean, zipped
from isthmus.venues.recorded import orders, published, quotes, streams
from isthmus.venues.recorded.kinds import ENGINE_KINDS
from isthmus.venues.recorded.session import Part, Recording, recording_of
from isthmus.venues.recorded.settings import SETTINGS, Terms, read_settings

FILES_MAX = 1_000
HEAD_BYTES = 4_096
NOT_RECORDINGS = {".md", ".txt", ".toml", ".json", ".html"}


class Catalogue(msgspec.Struct, frozen=True):
    """What was taken, and a row for every recording that was looked at."""

    recordings: list[Recording]
    rows: list[dict[str, Any]]


class Candidate(msgspec.Struct, frozen=True):
    """One file, or two that belong together, and how it is read."""

    files: list[str]
    read: Callable[[], Part]
    venue: str | None = None


def survey(folder: Path) -> Catalogue:
    """As `look`. Raises BadInput too when nothing can be played."""
    catalogue = look(folder)
    if not catalogue.recordings:
        raise BadInput("markets", f"nothing in {folder} can be played ({reasons(catalogue.rows)})")
    return catalogue


def reasons(rows: list[dict[str, Any]]) -> str:
    """Why files were left, in one line."""
    return "; ".join(f"{row['files'][0]}: {row['why']}" for row in rows) or "it is empty"


def look(folder: Path) -> Catalogue:
    """Look at every file of a folder. Raises BadInput when the folder or its markets.toml cannot be read."""
    if not folder.is_dir():
        raise BadInput("markets", f"{folder} is no folder")
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    if len(names) > FILES_MAX:
        raise BadInput("markets", f"{folder} holds more than {FILES_MAX} files")
    named, otherwise = read_settings(folder, names)
    catalogue = Catalogue([], [])
    candidates = _Candidates(catalogue.rows)
    for name in names:
        if name in named or Path(name).suffix not in NOT_RECORDINGS:
            candidates.consider(folder / name, named.get(name, otherwise))
        elif name != SETTINGS:
            catalogue.rows.append(_left([name], "no recording by its name"))
    parts = [part for candidate in candidates.complete() if (part := _read(candidate, catalogue.rows)) is not None]
    _take(parts, catalogue)
    catalogue.rows.sort(key=lambda row: names.index(row["files"][0]))
    return catalogue


class _Candidates:
    """Recognises files one by one, and brings those together that make one recording."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows
        self._found: list[Candidate] = []
        self._ticks: dict[tuple[str, Any], dict[str, tuple[quotes.Ticks, Terms]]] = {}
        self._published: dict[tuple[str, str, str], dict[str, tuple[Path, Terms]]] = {}

    def consider(self, path: Path, terms: Terms) -> None:
        """Take a file in, or leave it and say why."""
        try:
            self._consider(path, terms)
        except BadInput as fault:
            self._rows.append(_left([path.name], _words(fault)))

    def _consider(self, path: Path, terms: Terms) -> None:
        head = _head(path)
        if zipped.is_zip(head):
            self._take_ticks(quotes.recognised(path, terms), terms)
        elif dbn.is_dbn(head[:3]):
            read = orders.read_orders if _schema(path) == "mbo" else orders.read_levels
            self._found.append(Candidate([path.name], partial(read, path, terms)))
        elif (found := published.named(path)) is not None:
            pair = self._published.setdefault((found.symbol, found.day, found.levels), {})
            pair[found.what] = (path, terms)
        elif _is_csv_of_orders(head):
            self._found.append(Candidate([path.name], partial(orders.read_orders, path, terms)))
        else:
            told = streams.venue_in(path)
            self._found.append(Candidate([path.name], partial(streams.read_stream, path, told, terms), told))

    def _take_ticks(self, ticks: quotes.Ticks, terms: Terms) -> None:
        if ticks.form == lean.FX_QUOTES:
            self._found.append(Candidate([ticks.path.name], partial(quotes.read_fx, ticks, terms)))
            return
        tables = self._ticks.setdefault((ticks.symbol, ticks.day), {})
        if ticks.form in tables:
            raise BadInput("files", f"{ticks.form} of {ticks.symbol} on {ticks.day} are there already")
        tables[ticks.form] = (ticks, terms)

    def complete(self) -> list[Candidate]:
        """Everything that can be read; what misses its other half is left."""
        for tables in self._ticks.values():
            table, trades = tables.get(lean.EQUITY_QUOTES), tables.get(lean.EQUITY_TRADES)
            if table is None:
                assert trades is not None
                self._rows.append(_left([trades[0].path.name], "trades without the quotes of that day"))
                continue
            tape = trades[0] if trades is not None else None
            names = [ticks.path.name for ticks in (table[0], tape) if ticks is not None]
            self._found.append(Candidate(names, partial(quotes.read_equity, table[0], tape, table[1])))
        for pair in self._published.values():
            if len(pair) < 2:
                ((path, _),) = pair.values()
                self._rows.append(_left([path.name], "messages and order book are played together: one is missing"))
                continue
            (messages, terms), (book, _) = pair["message"], pair["orderbook"]
            read = partial(published.read_lobster, messages, book, terms)
            self._found.append(Candidate([messages.name, book.name], read))
        return self._found


def _read(candidate: Candidate, rows: list[dict[str, Any]]) -> Part | None:
    try:
        part = candidate.read()
        if part.market.kind not in ENGINE_KINDS:
            raise BadInput("kind", f"{part.market.kind!r} is none of {', '.join(ENGINE_KINDS)}")
    except BadInput as fault:
        rows.append(_left(candidate.files, _words(fault), candidate.venue))
        return None
    return part


def _take(parts: list[Part], catalogue: Catalogue) -> None:
    """Put the parts of each market together, in the units that all venues of its instrument can be told in."""
    markets: dict[Any, list[Part]] = {}
    for part in sorted(parts, key=lambda part: part.start):
        earlier = markets.setdefault((part.market.instrument, part.market.venue), [])
        if earlier and (why := _clash(earlier[-1], part)):
            catalogue.rows.append(_left(part.files, why, part.market.venue))
        else:
            earlier.append(part)
    for group in sorted(markets.values(), key=lambda group: group[0].files):
        same = [part for other in markets.values() for part in other if _same_instrument(part, group[0])]
        if (why := _disagree(group[0], catalogue)) is not None:
            catalogue.rows.append(_left([name for part in group for name in part.files], why, group[0].market.venue))
            continue
        decimals = max(part.price_decimals for part in same), max(part.quantity_decimals for part in same)
        recording = recording_of(group, *decimals)
        catalogue.recordings.append(recording)
        catalogue.rows.append(_taken(recording))


def _same_instrument(one: Part, other: Part) -> bool:
    return one.market.instrument == other.market.instrument


def _clash(before: Part, after: Part) -> str | None:
    """Why a part cannot follow the one before; None when it can."""
    where = f"{after.market.instrument} at {after.market.venue}"
    if before.market != after.market:
        return f"{where} is played as {before.market.kind} of {before.market.base}/{before.market.quote} already"
    if after.start <= before.end:
        return f"another recording of {where} is played already"
    return None


def _disagree(part: Part, catalogue: Catalogue) -> str | None:
    """Why an instrument cannot be the same as at a venue before; None when it can."""
    for other in catalogue.recordings:
        known, wanted = other.market, part.market
        if known.instrument == wanted.instrument and (
            (known.kind, known.base, known.quote) != (wanted.kind, wanted.base, wanted.quote)
            or other.part.multiplier != part.multiplier
        ):
            terms = f"{known.kind} of {known.base}/{known.quote}"
            return f"{wanted.instrument} is {terms} at {known.venue}, not {wanted.kind}"
    return None


def _taken(recording: Recording) -> dict[str, Any]:
    """A row of what is played: how long, how much, what is assumed, and whether it is data only."""
    session, market, limited = recording.session, recording.market, recording.part.data_only
    why = f"{session.label}, {session.length_ns / 1e9:.0f} s, {len(session.events)} events, played in a loop"
    words = [why, recording.assumed, limited]
    return {
        "kind": market.kind,
        "instrument": market.instrument,
        "venue": market.venue,
        "files": recording.files,
        "taken": True,
        "why": "; ".join(word for word in words if word),
        "label": session.label if recording.takes_orders else f"{session.label}, data only",
        "left_out": session.left_out,
    }


def _left(files: list[str], why: str, venue: str | None = None) -> dict[str, Any]:
    row = dict.fromkeys(("kind", "instrument", "venue", "files", "taken", "why", "label", "left_out"))
    return row | {"venue": venue, "files": files, "taken": False, "why": why}


def _words(fault: BadInput) -> str:
    """Field, reason and line; the row names the file."""
    place = f" (line {fault.line})" if fault.line else ""
    return f"{fault.field}: {fault.reason}{place}" if fault.field else f"{fault.reason}{place}"


def _head(path: Path) -> bytes:
    """The first bytes, unpacked unless they are a zip's."""
    try:
        with open_input(path) as stream:
            return stream.read(HEAD_BYTES)
    except UNPACKING_ERRORS as error:
        raise BadInput("file", f"cannot be unpacked: {error}", 1) from error


def _schema(path: Path) -> str:
    schema = dbn.read_metadata(open_input(path)).schema
    if not schema:
        raise BadInput("schema", "the DBN holds neither orders nor a book by level", 1)
    return schema


def _is_csv_of_orders(head: bytes) -> bool:
    """Whether the first row names the columns of order events, or the vendor's book by level, which only `replay mbo`
    reads.
    """
    first = head.partition(b"\n")[0].decode("utf-8", errors="replace").strip().split(",")
    if "bid_px_00" in first:
        raise BadInput("events", "a book by level as CSV is read by `replay mbo --expected` but not played", 1)
    return "action" in first and "order_id" in first
