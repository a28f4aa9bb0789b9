"""`isthmus venue read | translate`: a venue's recorded messages in our words, and BitMEX in Deribit's."""

from __future__ import annotations

import argparse
import contextlib
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, print_json, progress, say
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input
from isthmus.kernel.values import time_text
from isthmus.venues.formats.depth import instrument_in, read_lines
from isthmus.venues.translating import order_to_deribit, to_deribit
from isthmus.venues.watching import Watch
from isthmus.venues.wires.bitmex import BitmexWire
from isthmus.venues.wires.catalogue import WIRES
from isthmus.venues.wires.deribit import DeribitWire
from isthmus.venues.wires.deribit_names import parsed
from isthmus.venues.wires.words import BUY, SELL, Instrument, Unknown, plain

FAULTS_SHOWN = 20
INPUT_BYTES_MAX = 256 << 20
NAMING = frozenset(("typ", "instrument"))
"""Keys of rows that are instruments, or name theirs."""
SPOKEN = frozenset(("info", "subscribe", "unsubscribe"))
"""Keys of what BitMEX says on a stream beside its tables."""
LABELS = ("id", "case", "name")
PROGRESS_STEP = 1_000
SIDE_NAMES = {BUY: "buy", SELL: "sell"}

Row = dict[str, Any]


def read(arguments: argparse.Namespace) -> int:
    """Prints what the messages were, which books broke and why. Exit 0 when it ran."""
    if arguments.venue not in WIRES:
        fail("venue", f"{arguments.venue!r} is none of {', '.join(WIRES)}")
    watch = Watch(WIRES[arguments.venue]())
    with progress("messages") as advance:
        for line in read_lines(open_input(arguments.events)):
            if line.message is not None:
                watch.take(line.raw, instrument_in(line.request) or "")
            if watch.messages % PROGRESS_STEP == 0:
                advance(PROGRESS_STEP)
    found = _watched(arguments.venue, watch)
    if arguments.json:
        print_json(found)
    else:
        for name, value in found.items():
            say(f"{name.replace('_', ' '):20} {value}")
    return EXIT_OK


def _watched(venue: str, watch: Watch) -> Row:
    return {
        "venue": venue,
        "messages": watch.messages,
        "words": dict(watch.words),
        "quiet": dict(watch.quiet),
        "unknown": dict(watch.unknown),
        "books": len(watch.books),
        "checksums": watch.checksums,
        "checksums_right": watch.checksums_right,
        "faults": dict(watch.fault_counts),
        "first_faults": [msgspec.to_builtins(one) for one in list(watch.faults)[:FAULTS_SHOWN]],
        "stale": watch.wanting(),
    }


def translate(arguments: argparse.Namespace) -> int:
    """Prints a row for each row. Exit 1 when one was refused."""
    listing = _listing(arguments.instruments) if arguments.instruments else None
    translator = _Translator(listing)
    refused = 0
    for number, row in enumerate(_rows(arguments.contracts) if arguments.contracts else (), 1):
        translator.answer(number, row)
    for number, row in enumerate(_rows(arguments.file), 1):
        answer = translator.answer(number, row)
        refused += not answer["ok"]
        print_json(answer)
    return EXIT_FOUND if refused else EXIT_OK


def _listing(source: str) -> dict[str, Instrument]:
    """Deribit's get_instruments: the whole answer, or its result alone."""
    raw = _whole(source)
    wrapped = raw if raw.lstrip()[:1] == b"{" else b'{"result":' + raw + b"}"
    return {word.symbol: word for word in DeribitWire().decode(wrapped) if isinstance(word, Instrument)}


def _whole(source: str) -> bytes:
    try:
        with open_input(source) as stream:
            raw = stream.read(INPUT_BYTES_MAX + 1)
    except UNPACKING_ERRORS as error:
        raise BadInput(source, f"cannot be read: {error}") from error
    if len(raw) > INPUT_BYTES_MAX:
        raise BadInput(source, f"larger than {INPUT_BYTES_MAX} bytes")
    return raw


def _rows(source: str) -> Iterator[Any]:
    """The rows of a JSON array, of lines, or the messages of a recorded session. Numbers stay as they were written."""
    raw = _whole(source)
    decode = msgspec.json.Decoder(float_hook=Decimal).decode
    if raw.lstrip()[:1] not in (b"[", b"{", b""):
        yield from (decode(line.raw) for line in read_lines(io.BytesIO(raw)) if line.message is not None)
        return
    if raw.lstrip()[:1] == b"[":
        try:
            yield from decode(raw)
        except msgspec.DecodeError as error:
            raise BadInput(source, f"broken JSON: {error}") from error
        return
    with contextlib.suppress(msgspec.DecodeError, RecursionError):
        yield decode(raw)  # one object, on one line or several
        return
    for number, line in enumerate(raw.splitlines(), 1):
        if line.strip():
            try:
                yield decode(line)
            except (msgspec.DecodeError, RecursionError) as error:
                raise BadInput(source, f"broken JSON: {error}", number) from error


class _Translator:
    """Remembers instruments that were told of, so that trades, books and orders after them find theirs."""

    def __init__(self, listing: dict[str, Instrument] | None) -> None:
        self._wire = BitmexWire()
        self._listing = listing
        self._known: dict[str, Instrument] = {}

    def answer(self, number: int, row: Any) -> Row:
        """One row; a refusal is in its `error`."""
        label = {"row": number}
        if isinstance(row, dict):
            label = {key: row[key] for key in LABELS if key in row} or label
        made: Row = {"ok": True, "instrument": None, "deribit": None, "listed": None, "differences": []}
        made |= {"order": None, "error": None}
        try:
            self._fill(made, row)
        except BadInput as error:
            made |= {"ok": False, "error": {"field": error.field, "reason": error.reason}}
        return label | made

    def _fill(self, made: Row, row: Any) -> None:
        if not isinstance(row, dict):
            raise BadInput("row", "is no object")
        if "table" in row or not SPOKEN.isdisjoint(row):
            made["words"] = [self._worded(word) for word in self._wire.decode(_encoded(row))]
        elif "symbol" in row and not NAMING.intersection(row):
            self._bare(made, row)
        elif "name" in row and "typ" not in row and "instrument" not in row:
            self._name(made, row["name"])
        else:
            self._instrument(made, row.get("instrument", row))
            if row.get("order") is not None:
                self._order(made, row["order"])

    def _bare(self, made: Row, row: Row) -> None:
        """A row of a REST answer without its table: orders and trades; or an order as it is sent, for an instrument
        that was told of.
        """
        words = self._wire.decode(_encoded([row]))
        if not any(isinstance(word, Unknown) for word in words):
            made["words"] = [self._worded(word) for word in words]
        elif "orderQty" in row:
            self._instrument(made, row["symbol"])
            self._order(made, row)
        else:
            raise BadInput("bitmex.typ", "is missing")

    def _name(self, made: Row, name: Any) -> None:
        """A Deribit name taken apart."""
        if not isinstance(name, str):
            raise BadInput("name", "is no text")
        parts = parsed(name)
        told = {"kind": parts.kind, "base": parts.base, "quote": parts.quote or None}
        made["instrument"] = told | {
            "settle": parts.quote or parts.base,
            "expiry": time_text(parts.expiry) if parts.expiry is not None else None,
            "strike": plain(parts.strike) if parts.strike is not None else None,
        }
        made |= {"deribit": name, "listed": name in self._listing if self._listing is not None else None}

    def _instrument(self, made: Row, row: Any) -> None:
        """By its fields, or by the symbol of one that was told of."""
        if isinstance(row, str):
            if row not in self._known:
                raise BadInput("instrument", f"{row[:60]!r} was not told of")
            found = self._known[row]
        else:
            if not isinstance(row, dict) or "typ" not in row:
                raise BadInput("bitmex.typ", "is missing")
            word = self._wire.decode(_encoded(row))[0]
            assert isinstance(word, Instrument)
            found = self._known[word.symbol] = word
        made["instrument"] = _shown(found)
        translated = to_deribit(found, self._listing)
        made |= {"deribit": translated.name, "listed": translated.listed}
        made["differences"] = [msgspec.to_builtins(one) for one in translated.differences]

    def _order(self, made: Row, order: Any) -> None:
        symbol = made["instrument"]["symbol"]
        call = order_to_deribit(_encoded(order), self._known[symbol], made["deribit"])
        made["order"] = {"method": call.method, "params": {key: _text(value) for key, value in call.params.items()}}

    def _worded(self, word: Any) -> Row:
        """A word of a message; its instrument in Deribit's words where that is known."""
        told = {"word": type(word).__name__} | {key: _text(value) for key, value in _fields(word).items()}
        told |= {key: SIDE_NAMES[told[key]] for key in ("side", "taker_side") if key in told}
        if isinstance(word, Instrument):
            self._known[word.symbol] = word
        symbol = getattr(word, "instrument", None) or getattr(word, "symbol", None)
        known = self._known.get(symbol) if symbol else None
        if known is not None:
            try:
                told["deribit"] = to_deribit(known, self._listing).name
            except BadInput as error:
                told |= {"deribit": None, "error": {"field": error.field, "reason": error.reason}}
        return told


_encoded = msgspec.json.Encoder(decimal_format="number").encode


def _fields(word: Any) -> Row:
    return {name: getattr(word, name) for name in type(word).__struct_fields__}


def _text(value: Any) -> Any:
    """Decimals as text; times are ns and stay integers."""
    return plain(value) if isinstance(value, Decimal) else value


def _shown(instrument: Instrument) -> Row:
    told = {key: _text(value) for key, value in _fields(instrument).items()}
    return told | {"expiry": time_text(instrument.expiry) if instrument.expiry is not None else None}
