"""Instruments by the names that this protocol's clients use: shares by their code, spot pairs as BASE/QUOTE."""

from __future__ import annotations

from isthmus.gateways.alpaca import ids
from isthmus.gateways.problems import Refusal
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument

EQUITY, CRYPTO, PERPETUAL = "us_equity", "crypto", "crypto_perp"
CLASSES = {
    "equity": EQUITY,
    "fx_spot": CRYPTO,
    "crypto_spot": CRYPTO,
    "linear_perpetual": PERPETUAL,
    "inverse_perpetual": PERPETUAL,
}
CLASSES |= {"future": PERPETUAL, "option": PERPETUAL}
"""What is held as a position: this protocol has no futures, and options of its own only."""


class Symbols:
    """Reads the directory; rebuilt when an instrument was added."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._names: dict[int, str] = {}
        self._numbers: dict[str, int] = {}

    def all(self) -> list[Instrument]:
        """By number."""
        return list(self._directory.instruments.values())

    def name(self, number: int) -> str:
        """The instrument's symbol here."""
        self._refresh()
        return self._names[number]

    def find(self, text: str) -> Instrument | None:
        """By symbol ("BTC/USD"; "BTCUSD" and our own "BTC-USD" as well) or by the asset's id."""
        self._refresh()
        numbers = ids.read(ids.ASSET, text)
        number = numbers[0] if numbers is not None else self._numbers.get(text)
        return self._directory.instruments.get(number) if number is not None else None

    def known(self, text: str, status: int = 422) -> Instrument:
        """Raises Refusal."""
        instrument = self.find(text)
        if instrument is None:
            raise Refusal(status, "unknown_instrument", "there is no such asset", field="symbol", value=text)
        return instrument

    def _refresh(self) -> None:
        instruments = self._directory.instruments
        for number in list(instruments)[len(self._names) :]:
            row = instruments[number]
            pair = f"{row.base.code}/{row.quote.code}"
            spot = CLASSES[row.kind_name] == CRYPTO
            name = pair if spot and pair not in self._numbers else row.symbol
            self._names[number] = name
            for text in (name, row.symbol, name.replace("/", "")):
                self._numbers.setdefault(text, number)


def class_of(instrument: Instrument) -> str:
    """The asset class. Currency pairs count as crypto: the protocol has no class of their own for them."""
    return CLASSES[instrument.kind_name]


def exchange_of(instrument: Instrument) -> str:
    """Shares trade at the house, which is none of the exchanges that the protocol lists."""
    return "" if class_of(instrument) == EQUITY else "CRYPTO"


def listed(text: str, field: str = "symbols") -> list[str]:
    """A comma-separated list. Raises Refusal when it is empty or too long."""
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not 1 <= len(names) <= SYMBOLS_MAX:
        raise Refusal(
            400, "malformed_request", f"{field} names 1 to {SYMBOLS_MAX} symbols", field=field, limit=str(SYMBOLS_MAX)
        )
    return names


SYMBOLS_MAX = 200
"""Symbols of one request."""
