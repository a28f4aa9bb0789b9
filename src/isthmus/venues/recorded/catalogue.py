"""What of a folder can be played: files recognised by their content, `markets.toml` over that, and why the rest is
left.

An entry [[market]] of `markets.toml` names `files` and overrides what the content tells: `kind` (crypto_spot or
linear_perpetual), `instrument` (the symbol that clients see), `venue`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from isthmus.kernel.config import read_toml, shaped
from isthmus.kernel.errors import BadInput
from isthmus.venues.formats import binance
from isthmus.venues.formats.speakers import VENUES, venue_named
from isthmus.venues.recorded.tape import Session, load, venue_in

SETTINGS = "markets.toml"
FILES_MAX = 1_000
CRYPTO_SPOT, LINEAR_PERPETUAL = "crypto_spot", "linear_perpetual"
KINDS = {CRYPTO_SPOT: 3, LINEAR_PERPETUAL: 4}
QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "DAI", "USD", "EUR", "GBP", "TRY", "BRL", "JPY", "BTC", "ETH", "BNB")
"""Quote assets that Binance's symbols end with, tried in this order."""
NOT_RECORDINGS = {".md", ".txt", ".toml", ".json", ".html"}
INVERSE = (
    "coin-margined (inverse) perpetual: a contract is worth a fixed sum of dollars and settles in the coin; linear "
    "contracts only are listed"
)


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One [[market]] of markets.toml. `utc_offset` (hours) and `quote_size` are for recordings without a time zone or a
    size; those played now have both.
    """

    files: list[str]
    kind: str | None = None
    instrument: str | None = None
    venue: str | None = None
    utc_offset: float = 0.0
    quote_size: str | None = None


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of markets.toml."""

    market: list[Entry] = []


class Recording(msgspec.Struct, frozen=True):
    """A market that can be played."""

    kind: str
    instrument: str
    base: str
    quote: str
    venue: str
    files: list[str]
    session: Session


class Catalogue(msgspec.Struct, frozen=True):
    """What was taken, and a row for every file that was looked at."""

    recordings: list[Recording]
    rows: list[dict[str, Any]]


def survey(folder: Path) -> Catalogue:
    """Look at every file of a folder. Raises BadInput when the folder or its markets.toml cannot be read, or nothing in
    it can be played.
    """
    if not folder.is_dir():
        raise BadInput("markets", f"{folder} is no folder")
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    if len(names) > FILES_MAX:
        raise BadInput("markets", f"{folder} holds more than {FILES_MAX} files")
    settings = shaped(read_toml(folder / SETTINGS), Settings) if SETTINGS in names else Settings()
    named = {name: entry for entry in settings.market for name in entry.files}
    for name in named:
        if name not in names:
            raise BadInput("files", f"{SETTINGS} names {name}, which is not in {folder}")
    catalogue = Catalogue([], [])
    for name in names:
        _consider(folder / name, named.get(name), catalogue)
    if not catalogue.recordings:
        reasons = "; ".join(f"{row['files'][0]}: {row['why']}" for row in catalogue.rows)
        raise BadInput("markets", f"nothing in {folder} can be played ({reasons or 'it is empty'})")
    return catalogue


def _consider(path: Path, entry: Entry | None, catalogue: Catalogue) -> None:
    """Take one file or leave it, and say why."""
    if entry is None and path.suffix in NOT_RECORDINGS:
        if path.name != SETTINGS:
            catalogue.rows.append(_row(path, "no recording by its name"))
        return
    told: str | None = None
    try:
        told = venue_in(path) or _venue_of_name(path.name)
        recording = _recording(path, told, entry)
    except BadInput as fault:
        place = f" (line {fault.line})" if fault.line else ""
        catalogue.rows.append(_row(path, f"{fault.reason}{place}", venue=told))
        return
    session, market = recording.session, (recording.kind, recording.instrument, recording.venue)
    if any((other.kind, other.instrument, other.venue) == market for other in catalogue.recordings):
        why = f"another recording of {recording.instrument} at {recording.venue} is played already"
        catalogue.rows.append(_row(path, why, *market))
        return
    catalogue.recordings.append(recording)
    why = f"{session.label}, {session.length_ns / 1e9:.0f} s, {len(session.events)} events, played in a loop"
    catalogue.rows.append(
        _row(path, why, *market) | {"taken": True, "label": session.label, "left_out": session.left_out}
    )


def _row(
    path: Path, why: str, kind: str | None = None, instrument: str | None = None, venue: str | None = None
) -> dict[str, Any]:
    return {
        "kind": kind,
        "instrument": instrument,
        "venue": venue,
        "files": [path.name],
        "taken": False,
        "why": why,
        "label": None,
        "left_out": None,
    }


def _recording(path: Path, told: str | None, entry: Entry | None) -> Recording:
    """Read a file as a market. Raises BadInput with the reason when it cannot be one."""
    if told is None:
        raise BadInput("venue", "neither content nor name tells the venue, or it is no depth stream")
    if told == binance.COIN_MARGINED:
        raise BadInput("kind", INVERSE)
    if told not in binance.VENUES:
        raise BadInput("venue", f"recordings of {told} are read by `replay depth` but not played")
    kind = entry.kind if entry and entry.kind else _kind_of(told)
    if kind not in KINDS:
        raise BadInput("kind", f"{kind!r} is none of {', '.join(KINDS)}")
    session = load(path, told)
    base, quote = split_symbol(session.symbol)
    symbol = f"{session.symbol}-PERP" if kind == LINEAR_PERPETUAL else session.symbol
    instrument = entry.instrument if entry and entry.instrument else symbol
    venue = entry.venue if entry and entry.venue else told
    return Recording(kind, instrument, base, quote, venue, [path.name], session)


def _kind_of(venue: str) -> str:
    return CRYPTO_SPOT if venue == binance.SPOT else LINEAR_PERPETUAL


def _venue_of_name(name: str) -> str | None:
    """A venue whose words are all in the file's name: binance_spot_btcusdt_20240808.gz."""
    words = name.lower().replace("_", "-").replace(".", "-").split("-")
    for venue in VENUES:
        if all(part in words for part in venue.split("-")):
            return venue_named(venue)
    return None


def split_symbol(symbol: str) -> tuple[str, str]:
    """Base and quote asset of a Binance symbol. Raises BadInput when its end is no quote asset known here."""
    for quote in QUOTES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol.removesuffix(quote), quote
    raise BadInput("instrument", f"{symbol} ends with no quote asset known here")
