"""Settings of `isthmus serve`: defaults.toml, over it the file of --config, over that the command line."""

import argparse
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from isthmus.app.arbitrage_desk import ArbitrageSettings
from isthmus.app.bridge import BridgeSettings
from isthmus.app.calendars import Calendar, CalendarSettings
from isthmus.app.flash_terms import Loan
from isthmus.gateways.limits import Limits
from isthmus.kernel.config import overlay, read_toml, shaped
from isthmus.kernel.errors import BadInput
from isthmus.venues.reacting.faults import FaultTerms

COMMAND_LINE = ("host", "port", "data", "markets", "speed", "durability")


class StandbySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A standby on another host. `listen` is empty where there is none."""

    listen: str
    receipt_s: Annotated[float, Meta(gt=0, le=3_600)]


class ReactingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reacting markets beside the others; `faults` by venue."""

    play: bool
    day_s: Annotated[float, Meta(ge=600, le=86_400)]
    faults: dict[str, FaultTerms]


class RouteSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How routes to outside venues are looked after. `events` is empty where there is no file."""

    events: str
    references: list[str]
    tape_bytes: Annotated[int, Meta(ge=1 << 24)]
    reserves: dict[str, str]


class HouseMakerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A market maker of the house in one instrument (`execution.quoting.Parameters`). Text is decimal: `spread` a
    price, `money` of the quote asset, the others quantities; `gamma`, `a`, `k` and volatilities are in price steps.
    """

    spread: str
    quantity: str
    presence_bps: Annotated[int, Meta(ge=0, le=10_000)]
    size: str
    most: str
    stop: str
    stock: str
    money: str
    gamma: Annotated[float, Meta(gt=0)]
    a: Annotated[float, Meta(gt=0)]
    k: Annotated[float, Meta(gt=0)]
    model: Literal["avellaneda_stoikov", "asymptotic", "bounded"] = "asymptotic"
    every_s: Annotated[float, Meta(ge=0.01, le=60)] = 0.25
    memory_s: Annotated[float, Meta(gt=0, le=86_400)] = 60.0
    least_volatility: Annotated[float, Meta(ge=0)] = 0.0
    pause_volatility: Annotated[float, Meta(ge=0)] = 0.0
    pause_s: Annotated[float, Meta(ge=0, le=3_600)] = 5.0
    fit_fills: Annotated[int, Meta(ge=10)] = 200


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `serve` runs with. `markets` is empty for the simulated ones."""

    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=0, le=65_535)]
    data: Annotated[str, Meta(min_length=1)]
    markets: str
    seed: Annotated[int, Meta(ge=0)]
    speed: Annotated[float, Meta(gt=0, le=1_000)]
    durability: Literal["never", "os", "group"]
    snapshot_records: Annotated[int, Meta(ge=1)]
    limits: Limits
    standby: StandbySettings
    reacting: ReactingSettings
    calendars: dict[str, CalendarSettings]
    flash: dict[str, Loan]
    routes: RouteSettings
    arbitrage: ArbitrageSettings
    house_maker: dict[str, HouseMakerSettings]
    mt4: BridgeSettings


def read_settings(arguments: argparse.Namespace) -> Settings:
    """The settings of this run. Raises BadInput that names the key, or the file and its line."""
    tables = read_defaults()
    if arguments.config is not None:
        tables = overlay(tables, read_toml(Path(arguments.config)))
    given = {name: value for name in COMMAND_LINE if (value := getattr(arguments, name)) is not None}
    return settings_of(tables, given)


def settings_of(tables: dict[str, Any], given: dict[str, Any]) -> Settings:
    """The settings of these tables with what is given laid over them. Raises BadInput."""
    settings = shaped(overlay(tables, given), Settings)
    if settings.markets and not Path(settings.markets).is_dir():
        raise BadInput("markets", f"{settings.markets} is no folder")
    for name, calendar in settings.calendars.items():
        Calendar(name, calendar)
    return settings


def read_defaults() -> dict[str, Any]:
    """The tables of defaults.toml."""
    return read_toml(Path(str(files("isthmus.app") / "defaults.toml")))
