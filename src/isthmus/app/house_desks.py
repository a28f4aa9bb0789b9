"""The house's own desks beside the markets, where the settings ask for them: arbitrage, and market makers by symbol."""

from __future__ import annotations

from typing import Protocol

from isthmus.app.house_maker import Duty, HouseMaker
from isthmus.app.pipeline import Core
from isthmus.app.settings import HouseMakerSettings, Settings
from isthmus.execution.quoting import Intensity, Obligation, Parameters
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S, NotANumber, TooFine, units
from isthmus.refdata.instruments import Instrument
from isthmus.views.sessions import Sessions

SHOWN_NS = NS_PER_S
"""How often a maker's presence is shown anew."""


class Acting(Protocol):
    """Something that acts at its times: `running.Stepping`."""

    def step(self, at: int) -> int: ...


class ShownMaker:
    """A maker that steps; its presence is shown while the session runs, the score at the close is the engine's."""

    def __init__(self, maker: HouseMaker, instrument: int, sessions: Sessions) -> None:
        self.maker = maker
        self._instrument = instrument
        self._sessions = sessions
        self._show_at = 0

    def step(self, at: int) -> int:
        """Quotes."""
        following = self.maker.step(at)
        if at >= self._show_at:
            self._show_at = at + SHOWN_NS
            score = self.maker.score()
            self._sessions.presence(self.maker.account, self._instrument, score.quoted_ns, score.open_ns)
        return following


def open_desks(core: Core, settings: Settings) -> list[Acting]:
    """Opens every desk, once the markets are open; what is to be stepped from now on. Raises BadInput by setting."""
    desks: list[Acting] = []
    if core.arbitrage is not None:
        core.arbitrage.open()
        core.driver.subscribe(core.arbitrage.on_durable)
        desks.append(core.arbitrage)
    if core.confirmations is not None:
        desks.append(core.confirmations)
    if core.fees is not None:
        desks.append(core.fees)
    for symbol, wanted in settings.house_maker.items():
        instrument = core.directory.instrument(symbol)
        if instrument is None:
            raise BadInput(f"house_maker.{symbol}", "is listed by none of the markets")
        try:
            maker = HouseMaker(core.desk, duty_of(wanted, instrument))
            maker.open()
        except BadInput as error:
            raise BadInput(f"house_maker.{symbol}.{error.field}", error.reason) from error
        desks.append(ShownMaker(maker, instrument.number, core.views.sessions))
    return desks


def duty_of(wanted: HouseMakerSettings, instrument: Instrument) -> Duty:
    """The settings in the instrument's units. Raises BadInput by the field."""
    lots = {
        name: _units(name, getattr(wanted, name), instrument.quantity_decimals)
        for name in ("quantity", "size", "most", "stop", "stock")
    }
    spread = _units("spread", wanted.spread, instrument.price_decimals)
    try:
        parameters = Parameters(
            obligation=Obligation(spread, lots["quantity"], wanted.presence_bps),
            gamma=wanted.gamma,
            intensity=Intensity(wanted.a, wanted.k),
            size=lots["size"],
            most=lots["most"],
            stop=lots["stop"],
            tick=instrument.tick,
            lot=instrument.lot,
            model=wanted.model,
            least_volatility=wanted.least_volatility,
            pause_volatility=wanted.pause_volatility,
            pause_ns=int(wanted.pause_s * NS_PER_S),
        )
    except ValueError as error:
        field, _, reason = str(error).partition(": ")
        raise BadInput(field, reason) from error
    return Duty(
        instrument=instrument.number,
        parameters=parameters,
        stock=lots["stock"],
        money=_units("money", wanted.money, instrument.quote.decimals),
        every_ns=int(wanted.every_s * NS_PER_S),
        memory_s=wanted.memory_s,
        fit_fills=wanted.fit_fills,
    )


def _units(name: str, written: str, decimals: int) -> int:
    try:
        found = units(written, decimals)
    except (NotANumber, TooFine) as error:
        raise BadInput(name, f"{written} is no number with {decimals} decimals at most") from error
    if found < 0:
        raise BadInput(name, f"{written} is negative")
    return found
