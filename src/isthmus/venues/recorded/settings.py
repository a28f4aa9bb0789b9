"""markets.toml: what the files of a folder cannot tell.

[[market]] names `files` (names or patterns) and overrides what the content tells; [[venue]] says what holds for every
file of a venue. A market's word goes before its venue's.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import msgspec

from isthmus.kernel.config import read_toml, shaped
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NotANumber, TooFine, short_text, units

SETTINGS = "markets.toml"
UTC_OFFSET_MAX = 14.0
QUOTE_SIZE = "1000000"
"""What a quote without a size is good for, in units of the base asset: the usual amount of a dealt price."""
SIZE_DECIMALS = 8
FEE_PPM_MAX = 100_000
DAY_S = 86_400

CROSSED_SHOWN_BPS = 100
"""Bid over ask by up to so much is shown as it was recorded; beyond it the columns are wrong and not the market."""


class VenueEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One [[venue]]. `utc_offset` in hours; 0, where nothing is said, plays raw times as UTC."""

    name: str
    utc_offset: float | None = None
    quote_size: str | None = None
    maker_fee_ppm: int | None = None
    taker_fee_ppm: int | None = None


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One [[market]]."""

    files: list[str]
    kind: str | None = None
    instrument: str | None = None
    venue: str | None = None
    date: str | None = None
    base: str | None = None
    quote: str | None = None
    multiplier: int | None = None
    """What a contract of 1 is worth at a price of 1, in the quote asset."""
    utc_offset: float | None = None
    quote_size: str | None = None
    begins: str | None = None
    ends: str | None = None
    """Times of day ("09:30", "16:00:00") in the file's own time zone between which it is played."""
    crossed: Literal["show", "refuse"] = "show"
    maker_fee_ppm: int | None = None
    taker_fee_ppm: int | None = None


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of markets.toml."""

    market: list[Entry] = []
    venue: list[VenueEntry] = []
    pool: list[Any] = []
    """Read where pools are: `venues.amm.settings`."""


NOTHING = Entry(files=[])


class Terms(msgspec.Struct, frozen=True):
    """What is said of one file, by its [[market]] and by the [[venue]] of the venue that it turns out to be of."""

    entry: Entry
    venues: dict[str, VenueEntry]

    def of_venue(self, venue: str) -> VenueEntry:
        """The word that counts for a file of this venue."""
        below = self.venues.get(venue, VenueEntry(venue))
        above = self.entry
        named = {name: getattr(above, name) for name in VenueEntry.__struct_fields__ if name != "name"}
        return msgspec.structs.replace(below, **{name: value for name, value in named.items() if value is not None})

    @property
    def crossed_max_bps(self) -> int:
        """How far a bid may be over its ask."""
        return CROSSED_SHOWN_BPS if self.entry.crossed == "show" else 0

    def hours(self) -> tuple[int, int]:
        """Seconds after midnight from which and up to which a file is played."""
        begins, ends = _second_of_day(self.entry.begins, 0), _second_of_day(self.entry.ends, DAY_S)
        if begins >= ends:
            raise BadInput("begins", f"{self.entry.begins} is not before {self.entry.ends}")
        return begins, ends


def read_settings(folder: Path, names: list[str]) -> tuple[dict[str, Terms], Terms]:
    """What markets.toml says of each file that it names, and of all others. Raises BadInput when it is malformed."""
    settings = shaped(read_toml(folder / SETTINGS), Settings) if SETTINGS in names else Settings()
    venues = {entry.name: entry for entry in settings.venue}
    everything: list[Entry | VenueEntry] = [*settings.market, *settings.venue]
    for said in everything:
        _check(said)
    named: dict[str, Terms] = {}
    for entry in settings.market:
        for pattern in entry.files:
            matching = [name for name in names if fnmatchcase(name, pattern)]
            if not matching:
                raise BadInput("files", f"{SETTINGS} names {pattern}, which is not in {folder}")
            named |= dict.fromkeys(matching, Terms(entry, venues))
    return named, Terms(NOTHING, venues)


def _check(said: Entry | VenueEntry) -> None:
    if said.utc_offset is not None and not -UTC_OFFSET_MAX <= said.utc_offset <= UTC_OFFSET_MAX:
        raise BadInput("utc_offset", f"{said.utc_offset} hours are not within {UTC_OFFSET_MAX} of UTC")
    if said.quote_size is not None:
        size_units(said.quote_size)
    for name in ("maker_fee_ppm", "taker_fee_ppm"):
        value = getattr(said, name)
        if value is not None and not -FEE_PPM_MAX <= value <= FEE_PPM_MAX:
            raise BadInput(name, f"{value} is not within {FEE_PPM_MAX} millionths")
    if isinstance(said, Entry):
        if said.multiplier is not None and said.multiplier <= 0:
            raise BadInput("multiplier", f"{said.multiplier} is not positive")
        Terms(said, {}).hours()


def size_units(text: str) -> tuple[int, int]:
    """A size as a whole number of units and the decimals of the unit: "0.5" is (5, 1). Raises BadInput."""
    try:
        count = units(text, SIZE_DECIMALS)
    except (NotANumber, TooFine):
        count = 0
    if count <= 0:
        raise BadInput("quote_size", f"{text!r} is no positive number of at most {SIZE_DECIMALS} decimals")
    short = short_text(count, SIZE_DECIMALS)
    decimals = len(short.partition(".")[2])
    return units(short, decimals), decimals


def _second_of_day(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    parts = text.split(":")
    if len(parts) in (2, 3) and all(part.isdigit() and len(part) <= 2 for part in parts):
        hours, minutes, seconds = (*map(int, parts), 0)[:3]
        if minutes < 60 and seconds < 60 and hours * 3600 + minutes * 60 + seconds <= DAY_S:
            return hours * 3600 + minutes * 60 + seconds
    raise BadInput("begins", f"{text!r} is no time of day")
