"""Small recordings of every format that is played, made by code."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import zstandard

BUY, SELL, NONE = b"B", b"A", b"N"
LAST = 130
NANO = 10**9
DBN_SCHEMAS = {"mbo": 0, "mbp-1": 1}
START_NS = 1_752_739_503_000_000_000
NO_PRICE = (1 << 63) - 1


def zipped(folder: Path, name: str, entry: str, rows: Iterable[str]) -> Path:
    """A zip with one table."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(entry, "\n".join(rows))
    return path


def fx(folder: Path, provider: str, rows: Iterable[str], symbol: str = "eurusd", day: str = "20140505") -> Path:
    """Quotes of a currency dealer: "ms,bid,ask"."""
    return zipped(folder, f"{provider}_{symbol}_{day}_tickquote.zip", f"{day}_{symbol}_tick_quote.csv", rows)


def share(folder: Path, what: str, rows: Iterable[str], symbol: str = "ibm", day: str = "20131007") -> Path:
    """Ticks of a share; `what` is "quote" or "trade"."""
    return zipped(folder, f"{symbol}_{day}_tick_{what}.zip", f"{day}_{symbol}_{what.title()}_Tick.csv", rows)


def metadata(schema: str, symbols: Sequence[str], dataset: str) -> bytes:
    """The head of a DBN of version 1."""
    fixed = struct.pack("<16sHQQQQBBB", dataset.encode(), DBN_SCHEMAS[schema], 0, 0, 0, 0, 0, 0, 0) + bytes(47)
    names = b"".join(symbol.encode().ljust(22, b"\0") for symbol in symbols)
    body = fixed + struct.pack("<II", 0, len(symbols)) + names
    return struct.pack("<3sBI", b"DBN", 1, len(body) + 12) + body + bytes(12)


def order(at_ms: int, action: bytes, side: bytes, price: float, size: int, number: int = 0, flags: int = LAST) -> bytes:
    """An order event of instrument 7."""
    at, units = START_NS + at_ms * 1_000_000, NO_PRICE if action == b"R" else round(price * NANO)
    body = struct.pack("<QqIBBccQiI", number, units, size, flags, 0, action, side, at + 5, 0, at_ms)
    head = struct.pack("<BBHIQ", (16 + len(body)) // 4, 0xA0, 1, 7, at)
    return head + body


def top(at_ms: int, action: bytes, side: bytes, last: tuple[float, int], quote: Sequence[float]) -> bytes:
    """A record of the best levels: (price, size) of what happened; bid, ask, bid size, ask size after it."""
    at = START_NS + at_ms * 1_000_000
    bid, ask, bid_size, ask_size = round(quote[0] * NANO), round(quote[1] * NANO), int(quote[2]), int(quote[3])
    body = struct.pack("<qIccBBQiI", round(last[0] * NANO), last[1], action, side, LAST, 0, at + 5, 0, at_ms)
    body += struct.pack("<qqIIII", bid, ask, bid_size, ask_size, 1, 1)
    return struct.pack("<BBHIQ", (16 + len(body)) // 4, 0x01, 1, 7, at) + body


def dbn(folder: Path, name: str, records: Iterable[bytes], schema: str = "mbo", of: str = "XNAS.ITCH ARL") -> Path:
    """A packed DBN file; `of`: dataset and symbol."""
    dataset, symbol = of.split()
    path = folder / name
    path.write_bytes(zstandard.compress(metadata(schema, [symbol], dataset) + b"".join(records)))
    return path


def lobster(folder: Path, messages: Sequence[str], rows: Sequence[str], symbol: str = "GOOG") -> tuple[Path, Path]:
    """A pair of message and order book file of 2012-06-21."""
    paths = [folder / f"{symbol}_2012-06-21_34200000_57600000_{what}_2.csv" for what in ("message", "orderbook")]
    for path, lines in zip(paths, (messages, rows), strict=True):
        path.write_text("\n".join(lines) + "\n")
    return paths[0], paths[1]


FX_ROWS = ("1000,1.38700,1.38702", "2000,1.38701,1.38703", "3500,1.38701,1.38702", "9000,1.38699,1.38703")
SHARE_QUOTES = (
    "34200000,0,0,1820100,300,Q,1,0",
    "34200100,1820000,500,0,0,N,1,0",
    "34200200,1000000,900,0,0,P,1,1",
    "34201000,1819900,400,0,0,P,1,0",
    "34203000,0,0,1820000,200,K,1,0",
    "34209000,1819800,100,0,0,N,1,0",
)
SHARE_TRADES = (
    "34200500,1820100,100,Q,1,0",
    "34202000,1819900,400,P,20,0",
    "34202500,1819950,5000,D,1,0",
    "34202600,1819800,700,N,40,0",
    "34204000,1819900,50,N,1,0",
    "34205000,9999900,1,N,1,1",
)
ORDERS = (
    order(0, b"R", NONE, 0, 0),
    order(1, b"A", BUY, 10.00, 100, 1),
    order(2, b"A", SELL, 10.05, 300, 2),
    order(3, b"A", BUY, 10.00, 200, 3),
    order(4, b"A", BUY, 9.99, 500, 4),
    order(1000, b"T", SELL, 10.00, 150, 0, 0),
    order(1000, b"F", BUY, 10.00, 100, 1, 0),
    order(1000, b"F", BUY, 10.00, 50, 3, 0),
    order(1000, b"C", BUY, 10.00, 100, 1, 0),
    order(1000, b"C", BUY, 10.00, 50, 3),
    order(2000, b"M", BUY, 9.98, 150, 3),
    order(3000, b"T", NONE, 10.03, 40, 0),
    order(4000, b"C", SELL, 10.05, 300, 2, 0),
    order(4000, b"A", SELL, 10.04, 10, 5),
)
TOPS = (
    top(0, b"A", BUY, (5528.50, 1), (5528.50, 5528.75, 29, 4)),
    top(500, b"T", BUY, (5528.75, 2), (5528.50, 5528.75, 29, 4)),
    top(501, b"C", SELL, (5528.75, 2), (5528.50, 5528.75, 29, 2)),
    top(900, b"C", SELL, (5528.75, 2), (5528.50, 5529.00, 29, 30)),
    top(2000, b"A", BUY, (5528.50, 1), (5528.50, 5529.00, 30, 30)),
)
LOBSTER_MESSAGES = (
    "34200.5,1,1,100,5794000,1",
    "34201.0,1,2,50,5800000,-1",
    "34202.0,4,1,40,5794000,1",
    "34203.0,5,0,10,5797000,-1",
    "34204.0,3,1,60,5794000,1",
)
EMPTY = "9999999999,0,-9999999999,0"
LOBSTER_ROWS = (
    f"5810000,70,5794000,100,{EMPTY}",
    "5800000,50,5794000,100,5810000,70,-9999999999,0",
    "5800000,50,5794000,60,5810000,70,-9999999999,0",
    "5800000,50,5794000,60,5810000,70,-9999999999,0",
    "5800000,50,5790000,10,5810000,70,-9999999999,0",
)
