"""Settings of `isthmus serve`: defaults.toml, over it the file of --config, over that the command line."""

import argparse
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from isthmus.app.arbitrage_desk import ArbitrageSettings
from isthmus.app.audit_settings import AuditSettings
from isthmus.app.bridge import BridgeSettings
from isthmus.app.calendars import Calendar, CalendarSettings
from isthmus.app.clearing_settings import ClearingSettings
from isthmus.app.confirmations_desk import SwiftSettings
from isthmus.app.custody_settings import CustodySettings, check_custody
from isthmus.app.fees_desk import FeeSettings
from isthmus.app.flash_terms import Loan
from isthmus.app.product_routes import ProductRoute, ProductRoutes
from isthmus.app.settlement_settings import SettlementSettings, checked
from isthmus.gateways.limits import Limits
from isthmus.gateways.lorawan.fragments import FragmentLimits
from isthmus.gateways.lorawan.hedges import HedgeLimits
from isthmus.kernel.config import overlay, read_toml, shaped
from isthmus.kernel.errors import BadInput
from isthmus.venues.live.terms import VenueTerms
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


class MarginSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often perpetuals are marked at most, and whether the end of the day closes it for losses."""

    mark_ms: Annotated[int, Meta(ge=1, le=60_000)]
    close_day: bool


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


class FixSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """FIX sessions. `listen` is empty where the one port is enough; `drop_copy` are ids of keys."""

    serve: bool
    listen: str
    comp_id: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[!-~]+$")]
    drop_copy: list[str]
    cancel_on_disconnect: bool
    open: Annotated[str, Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9])?$")]
    close: Annotated[str, Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9])?$")]
    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]
    utc_offset: Annotated[str, Meta(pattern="^[+-](0[0-9]|1[0-4]):[0-5][0-9]$")]
    messages_per_s: Annotated[int, Meta(ge=0, le=10_000_000)]
    unsent_bytes: Annotated[int, Meta(ge=1 << 16)]
    resend_chunk: Annotated[int, Meta(ge=0)]
    latency_s: Annotated[int, Meta(ge=0, le=86_400)]


class TlsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files in PEM; without certificate and key there is no TLS. `clients` is empty where they need no certificate."""

    certificate: str
    key: str
    clients: str
    only: bool


class FrontSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one port: how long and how many connections may be undecided, who else is served on it."""

    sniff_s: Annotated[float, Meta(ge=0.1, le=600)]
    undecided: Annotated[int, Meta(ge=1, le=1_000_000)]
    connections: Annotated[int, Meta(ge=1, le=1_000_000)]
    trusted_proxies: list[str]
    grpc: bool
    mqtt: str
    amqp: str
    tls: TlsSettings


class BooksSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Books of record beside the server. `url` is empty for a file in the data folder."""

    enabled: bool
    url: str
    every_s: Annotated[float, Meta(ge=0.01, le=3_600)]


class LorawanSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """LoRaWAN; off unless it listens or a network server has a word. `devices` and `rules` are files (TOML)."""

    listen: str
    gateways: list[Annotated[str, Meta(pattern="^[0-9A-Fa-f]{16}$")]]
    token_sha256: Annotated[str, Meta(pattern="^([0-9A-Fa-f]{64})?$")]
    devices: str
    rules: str
    region: Literal["EU868", "US915"]
    channels_hz: list[Annotated[int, Meta(ge=100_000_000, le=1_000_000_000)]]
    net_id: Annotated[str, Meta(pattern="^[0-9A-Fa-f]{6}$")]
    hedges: HedgeLimits
    fragments: FragmentLimits


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
    front: FrontSettings
    standby: StandbySettings
    reacting: ReactingSettings
    margin: MarginSettings
    calendars: dict[str, CalendarSettings]
    flash: dict[str, Loan]
    routes: RouteSettings
    arbitrage: ArbitrageSettings
    house_maker: dict[str, HouseMakerSettings]
    fix: FixSettings
    books: BooksSettings
    audit: AuditSettings
    lorawan: LorawanSettings
    swift: SwiftSettings
    fees: FeeSettings
    venues: dict[str, VenueTerms]
    product_routes: list[ProductRoute]
    mt4: BridgeSettings
    custody: CustodySettings
    clearing: ClearingSettings
    settlement: SettlementSettings


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
    if settings.front.tls.only and not settings.front.tls.certificate:
        raise BadInput("front.tls.only", "needs a certificate and its key")
    for name, calendar in settings.calendars.items():
        Calendar(name, calendar)
    checked(settings.settlement)
    settings.audit.witnesses.check()
    ProductRoutes(settings.product_routes, settings.calendars, settings.venues)
    check_custody(settings.custody)
    settings.clearing.check(settings.venues)
    return settings


def read_defaults() -> dict[str, Any]:
    """The tables of defaults.toml."""
    return read_toml(Path(str(files("isthmus.app") / "defaults.toml")))
