"""The one list of what the server is made of and who hears what, in order:

gateways -> driver -> engine -> journal -> (durable) markets, directory, views -> streams -> clients
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import msgspec

from isthmus import __version__
from isthmus.app.allocation_desk import AllocationDesk
from isthmus.app.arbitrage_desk import ArbitrageDesk
from isthmus.app.audit_reads import AuditLogReads
from isthmus.app.audit_store_reads import AuditStoreReads
from isthmus.app.books_reads import BooksReads
from isthmus.app.bridge import Bridge, bridge_of
from isthmus.app.client_paper_reads import ClientPaperReads
from isthmus.app.confirmations_desk import ConfirmationsDesk
from isthmus.app.custody_desk import CustodyDesk
from isthmus.app.desk import Desk
from isthmus.app.fees_desk import FeesDesk
from isthmus.app.guard import guarded
from isthmus.app.keys_reads import CeremonyReads
from isthmus.app.lorawan_door import Around, Lorawan, open_lorawan
from isthmus.app.markets import folder_markets, in_order
from isthmus.app.outside import Outside
from isthmus.app.path_desk import PathDesk
from isthmus.app.product_routes import ProductRoutes
from isthmus.app.settings import Settings
from isthmus.app.settlement_desk import SettlementDesk
from isthmus.app.settlement_reads import reads_of
from isthmus.app.settlement_words import TEXT as CLEARING_TEXT
from isthmus.app.terminal import terminal_folder
from isthmus.app.witness_reads import WitnessReads
from isthmus.engine.archive import records
from isthmus.engine.driver import Driver
from isthmus.engine.engine import Engine, Record
from isthmus.engine.market import ChooseProduct, Market, ProductChoice, VenueChoice
from isthmus.execution.best_price import Wish, choose
from isthmus.execution.costs import Costs
from isthmus.execution.route_words import Units, units_of
from isthmus.execution.router import Router
from isthmus.execution.taxonomy import PATH_NAMES, PATHS
from isthmus.gateways.access import Access
from isthmus.gateways.alpaca.facade import PREFIX, Facade
from isthmus.gateways.alpaca.facade import Parts as FacadeParts
from isthmus.gateways.alpaca.feed import Feed
from isthmus.gateways.entry import OrderEntry
from isthmus.gateways.fix.application import Parts
from isthmus.gateways.grpc.calls import Calls
from isthmus.gateways.grpc.executions import Executions
from isthmus.gateways.grpc.markets import Markets
from isthmus.gateways.grpc.server import GrpcServer
from isthmus.gateways.grpc.trading import Trading
from isthmus.gateways.keys import KeyStore
from isthmus.gateways.mt4.desk import Around as BridgeAround
from isthmus.gateways.reads import Reads
from isthmus.gateways.render import Renderer
from isthmus.gateways.render_market import MarketRenderer
from isthmus.gateways.rest.allocation import AllocationHandlers
from isthmus.gateways.rest.audit_keys import CeremonyHandlers
from isthmus.gateways.rest.audit_log import AuditLogHandlers
from isthmus.gateways.rest.audit_orders import AuditStoreHandlers
from isthmus.gateways.rest.audit_witnesses import WitnessHandlers
from isthmus.gateways.rest.books import BooksHandlers
from isthmus.gateways.rest.clearing import ClearingHandlers
from isthmus.gateways.rest.confirmations import ConfirmationHandlers
from isthmus.gateways.rest.contracts import ContractHandlers, contract_routes
from isthmus.gateways.rest.custody import CustodyHandlers
from isthmus.gateways.rest.desk import DeskHandlers
from isthmus.gateways.rest.ledger import LedgerHandlers
from isthmus.gateways.rest.margin import MarginHandlers
from isthmus.gateways.rest.market import MarketHandlers
from isthmus.gateways.rest.metrics import Metrics
from isthmus.gateways.rest.openapi import document
from isthmus.gateways.rest.operator import OperatorHandlers
from isthmus.gateways.rest.pages import Pages
from isthmus.gateways.rest.routes import Route, RouteTable
from isthmus.gateways.rest.server import Application, Server
from isthmus.gateways.rest.session import SessionHandlers
from isthmus.gateways.rest.statements import StatementHandlers
from isthmus.gateways.rest.table import (
    ACCOUNT,
    account_routes,
    allocation_routes,
    audit_log_routes,
    audit_store_routes,
    books_routes,
    ceremony_routes,
    clearing_routes,
    confirmation_routes,
    ledger_routes,
    margin_routes,
    market_routes,
    operator_routes,
    session_routes,
    statement_routes,
    trading_routes,
    witness_routes,
    work_routes,
)
from isthmus.gateways.rest.trading import TradingHandlers
from isthmus.gateways.rest.work import WorkHandlers
from isthmus.gateways.submission import Submission
from isthmus.gateways.websocket.disconnects import Disconnects
from isthmus.gateways.websocket.hub import Hub
from isthmus.gateways.websocket.session import StreamServer
from isthmus.kernel.clock import Clock
from isthmus.kernel.values import NS_PER_MS
from isthmus.refdata.directory import Directory
from isthmus.venues import reacting, simulated
from isthmus.views.views import Views

REPLAY_STEP = 5_000
"""Records between two steps of the progress bar."""


class Core(msgspec.Struct, frozen=True):
    """The engine, and everything that is fed by its records."""

    engine: Engine
    driver: Driver
    directory: Directory
    views: Views
    outside: Outside
    desk: Desk
    router: Router
    arbitrage: ArbitrageDesk | None
    """The house's desk, where the settings ask for it."""
    confirmations: ConfirmationsDesk | None
    """Confirms foreign exchange, where the settings name the house's BIC."""
    clearing: SettlementDesk | None
    """Settles what trades leave, unless the settings say otherwise."""
    fees: FeesDesk | None
    """Posts what schedules make of a day, where a client has one."""
    custody: CustodyDesk | None = None
    """Keeps client money at banks, where the settings name some."""


class Front(msgspec.Struct, frozen=True):
    """What faces the outside."""

    hub: Hub
    feed: Feed
    application: Application
    parts: Parts
    """What other gateways stand on."""
    grpc: GrpcServer
    lorawan: Lorawan | None = None
    bridge: Bridge | None = None
    """MT4's, where the settings ask for it."""


def markets_of(settings: Settings) -> list[Market]:
    """The markets to trade against. Raises BadInput for a folder without any, or for faults of an unknown venue."""
    if settings.markets:
        markets = folder_markets(Path(settings.markets), settings.speed, settings.margin.mark_ms * NS_PER_MS)
    else:
        markets = [simulated.make(settings.seed, settings.speed, settings.margin.mark_ms * NS_PER_MS)]
    if settings.reacting.play:
        markets.append(reacting.make(reacting_options(settings)))
    return in_order(markets)


def reacting_options(settings: Settings) -> reacting.Options:
    """How the reacting markets are played."""
    wanted = settings.reacting
    return reacting.Options(seed=settings.seed, speed=settings.speed, day_s=wanted.day_s, faults=wanted.faults)


def units_in(directory: Directory, instrument: int) -> Units:
    """How figures of the instrument are written."""
    found = directory.instruments[instrument]
    return units_of(found.kind_name, found.quote.code, found.price_decimals, directory.venue_name)


def build_core(engine: Engine, settings: Settings, clock: Clock) -> Core:
    """Directory and views stand beside the engine; feed them with `replay` before anything is submitted."""
    directory = Directory()
    views = Views(engine, directory, settings.data)
    driver = Driver(engine, clock, settings.limits.inbox_commands)
    outside = Outside(views, engine, directory)
    outside.units = lambda number: units_in(directory, number)
    outside.reserves = settings.routes.reserves
    outside.references = frozenset(settings.routes.references)
    desk = Desk(driver, directory, outside, clock)
    desk.folder = Path(settings.data)
    costs = Costs(lambda instrument, turnover: directory.instruments[instrument].value(turnover))
    router = Router(desk, {path.number: path for path in PATHS}, outside.sight, outside.mark, costs)
    outside.on_trade = router.traded
    for observer in (directory.on_record, outside.on_record, router.on_record):
        driver.observe(observer)
    driver.subscribe(views.on_record)
    arbitrage = None
    if settings.arbitrage.play:
        arbitrage = ArbitrageDesk(desk, directory, outside.sight, settings.arbitrage)
        driver.observe(arbitrage.on_record)
        outside.on_book = arbitrage.on_book
    confirmations = None
    if settings.swift.confirmations.own_bic:
        confirmations = ConfirmationsDesk(settings.swift.confirmations, Path(settings.data), directory)
        views.tell(confirmations)
    custody = None
    if settings.custody.banks:
        custody = CustodyDesk(settings.custody, Path(settings.data), directory)
        views.tell(custody)
    clearing = None
    if settings.settlement.run:
        clearing = SettlementDesk(settings.settlement, desk, views)
        views.tell(clearing)
    fees = None
    if settings.fees.clients:
        fees = FeesDesk(settings.fees, desk, directory)
        views.tell(fees)
    return Core(
        engine, driver, directory, views, outside, desk, router, arbitrage, confirmations, clearing, fees, custody
    )


def replay(core: Core, data: str, advance: Callable[[int], None]) -> None:
    """Read the journal into directory and views, up to where the engine is."""
    last = core.engine.sequence
    for record in islice(records(Path(data)), last):
        feed(core, (record,))
        if record.sequence % REPLAY_STEP == 0:
            advance(REPLAY_STEP)


def feed(core: Core, records: Iterable[Record]) -> None:
    """Records that this process did not make, into directory and views."""
    for record in records:
        core.directory.on_record(record)
        core.router.on_record(record)
        if core.arbitrage is not None:
            core.arbitrage.on_record(record)
        core.views.on_record(record)


def open_markets(core: Core, markets: list[Market]) -> None:
    """Markets add what they need and hear of every record from now on."""
    for market in markets:
        market.open(core.desk)
        core.driver.send_by(market.on_record)


def labels_of(markets: list[Market]) -> dict[str, str]:
    """What each instrument's market is: "recorded 2024-08-08", or how it is played."""
    rows = [(market.mode, row) for market in markets for row in market.listing() if row["taken"]]
    return {row["instrument"]: row.get("label") or mode for mode, row in rows}


def build_front(core: Core, settings: Settings, keys: KeyStore, clock: Clock, markets: list[Market]) -> Front:
    """Gateways on one port."""
    limits = settings.limits
    reads = Reads(core.driver, core.directory, core.views, clock, markets[0].mode)
    renderer = Renderer(core.directory, core.views, labels_of(markets), keys.user_name, PATH_NAMES)
    submission = Submission(core.driver, clock)

    def best_price(*, instrument: int, side: int, quantity: int, limit: int | None) -> VenueChoice:
        return choose(core.outside.sight(instrument), Wish(side=side, quantity=quantity, limit=limit))

    market = MarketRenderer(core.engine, core.directory, core.views)
    algorithms = PathDesk(core.router, core.outside, core.directory, clock)
    entry = OrderEntry(submission, core.directory, core.views, best_price, algorithms)
    if settings.product_routes:
        entry.products = products_of(core, settings, clock)
    access = Access(keys, limits, clock)
    hub = Hub(reads, renderer, market, limits.stream)
    core.views.tell(hub)
    stream = StreamServer(hub, reads, access, Disconnects(entry))
    metrics = Metrics(reads, lambda: stream.open)
    house = OperatorHandlers(submission, core.directory, core.views, keys, core.driver)
    desk = DeskHandlers(house, core.directory, core.views, renderer)
    allocator = AllocationDesk(submission, core.directory, core.views, clock)
    core.views.tell(allocator)
    trading = TradingHandlers(entry, reads, renderer, market, limits)
    lorawan = open_lorawan(settings, Around(entry, core.directory, core.views, keys, clock))
    routes = RouteTable(
        (
            *market_routes(MarketHandlers(reads, renderer, market, limits, parts_of(core, settings))),
            *session_routes(SessionHandlers(reads, keys, limits)),
            *trading_routes(trading),
            *account_routes(trading),
            *confirmation_routes(ConfirmationHandlers(core.confirmations.book if core.confirmations else None, limits)),
            *books_routes(BooksHandlers(BooksReads(Path(settings.data), settings.books.url), core.directory, limits)),
            *_told_routes(settings, core, reads),
            *work_routes(WorkHandlers(entry, reads, renderer, algorithms)),
            *clearing_routes(ClearingHandlers(reads_of(core.clearing, keys), submission, limits, CLEARING_TEXT)),
            *allocation_routes(AllocationHandlers(allocator, core.directory, core.views)),
            *operator_routes(house, desk),
            *contract_routes(ContractHandlers(house, reads), ACCOUNT),
            *ledger_routes(LedgerHandlers(house, core.directory, core.views)),
            *margin_routes(MarginHandlers(house, reads, core.engine)),
            *(lorawan.routes if lorawan is not None else ()),
            *(CustodyHandlers(core.custody, core.directory).routes() if core.custody is not None else ()),
        )
    )
    pages = Pages(terminal_folder(), msgspec.json.encode(document(routes.routes, __version__)), keys, limits)
    facade = Facade(FacadeParts(entry, reads, renderer, access, limits), metrics.count)
    core.views.tell(facade.updates)
    core.views.tell(facade.feed)
    mounts: dict[str, Application] = {"/v1/stream": stream, "/metrics": metrics.application, PREFIX: facade}
    executions = Executions(reads, renderer, limits.stream.unsent_bytes)
    core.views.tell(executions)
    grpc = GrpcServer(
        Calls(access, metrics.count),
        Trading(entry, reads, renderer, executions, limits),
        Markets(reads, renderer, limits.stream),
        limits.body_bytes,
    )
    server = guarded(Server(routes, access, pages, limits, mounts, metrics.count))
    bridge = bridge_of(settings.mt4, BridgeAround(entry, access, core.directory, core.views, renderer))
    if bridge is not None and bridge.notices is not None:
        core.views.tell(bridge.notices)
    return Front(hub, facade.feed, server, Parts(entry, reads, algorithms, allocator), grpc, lorawan, bridge)


def _told_routes(settings: Settings, core: Core, reads: Reads) -> tuple[Route, ...]:
    """What clients are told on paper, and the logs that prove it."""
    data = Path(settings.data)
    papers = ClientPaperReads(data, settings.books.url, settings.settlement)
    logs = AuditLogReads(data, settings.audit, lambda: reads.audit_fault())
    return (
        *statement_routes(StatementHandlers(papers, core.directory)),
        *audit_log_routes(AuditLogHandlers(logs)),
        *audit_store_routes(AuditStoreHandlers(AuditStoreReads(data), settings.limits)),
        *witness_routes(WitnessHandlers(WitnessReads(data))),
        *ceremony_routes(CeremonyHandlers(CeremonyReads(data))),
    )


def parts_of(core: Core, settings: Settings) -> list[str]:
    """What runs beside the markets, by the names that the page knows."""
    runs = (
        ("audit", settings.audit.enabled),
        ("books", settings.books.enabled),
        ("clearing", core.clearing is not None),
        ("custody", core.custody is not None),
    )
    return [name for name, is_there in runs if is_there]


def products_of(core: Core, settings: Settings, clock: Clock) -> ChooseProduct:
    """The table of products, by the engine's numbers."""
    table = ProductRoutes(settings.product_routes, settings.calendars, settings.venues)
    directory = core.directory

    def choose_product(instrument: int, account: int, /) -> ProductChoice | None:
        route = table.route(directory.instruments[instrument].symbol, directory.accounts[account].name, clock())
        if route is None:
            return None
        return ProductChoice(directory.venue_number(route.venue) or 0, route.why, route.refused)

    return choose_product


def open_keys(data: Path, clock: Clock) -> KeyStore:
    """The data folder's keys."""
    return KeyStore(data / "keys.sqlite", clock, secrets.token_bytes)
