"""The one list of what the native API answers. The OpenAPI document and the docs page are made of it."""

from __future__ import annotations

from isthmus.gateways import ledger_shapes, margin_shapes, market_shapes, operator_shapes, shapes, work_shapes
from isthmus.gateways.rest import clearing
from isthmus.gateways.rest.allocation import AllocationHandlers
from isthmus.gateways.rest.audit_keys import AuditCeremonies, CeremonyHandlers
from isthmus.gateways.rest.audit_log import AuditLogHandlers, AuditStatus, ProofFile
from isthmus.gateways.rest.audit_orders import AuditedLife, AuditedOrders, AuditStoreHandlers
from isthmus.gateways.rest.audit_witnesses import AuditWitnesses, WitnessHandlers
from isthmus.gateways.rest.books import BookedBalances, BookedStatement, BooksHandlers, Earnings, TrialBalance
from isthmus.gateways.rest.confirmations import ConfirmationHandlers, ConfirmationRow
from isthmus.gateways.rest.desk import DeskHandlers
from isthmus.gateways.rest.ledger import LedgerHandlers
from isthmus.gateways.rest.margin import MarginHandlers
from isthmus.gateways.rest.market import MarketHandlers
from isthmus.gateways.rest.operator import OperatorHandlers
from isthmus.gateways.rest.routes import (
    EVERYBODY,
    JOURNAL_ROLES,
    OPERATOR_ONLY,
    TRADING_ROLES,
    Field,
    Route,
)
from isthmus.gateways.rest.session import SessionHandlers
from isthmus.gateways.rest.statements import PDF, ClientStatement, StatementHandlers
from isthmus.gateways.rest.trading import TradingHandlers
from isthmus.gateways.rest.work import WorkHandlers

ACCOUNT = Field("account", "traders, operators and auditors: the account that is meant")
INSTRUMENT = Field("instrument", "only this instrument's")
LIMIT = Field("limit", "rows of the page")
CURSOR = Field("cursor", "`next` of the page before")
KEY = Field("Idempotency-Key", "the same key with the same body gives the first answer again", place="header")


def market_routes(market: MarketHandlers) -> tuple[Route, ...]:
    """What is nobody's own."""
    bars = (
        Field("interval", "1s, 1m or 1d"),
        LIMIT,
        Field("start", "time of the first bar"),
        Field("end", "time of the last bar"),
    )
    book = (Field("depth", "levels a side"), Field("venue", "one venue's book; absent: all merged"))
    one = "/v1/instruments/{instrument}"
    return (
        Route("GET", "/health", market.health, "Whether commands are taken", shapes.Health, EVERYBODY),
        Route("GET", "/v1/capabilities", market.capabilities, "What there is", shapes.Capabilities, EVERYBODY),
        Route("GET", "/v1/instruments", market.instruments, "All instruments", list[shapes.Instrument]),
        Route("GET", one, market.instrument, "One instrument", shapes.Instrument),
        Route("GET", f"{one}/book", market.book, "Its book", shapes.Book, fields=book),
        Route("GET", f"{one}/trades", market.trades, "Its trades, newest first", shapes.Trades, fields=(LIMIT, CURSOR)),
        Route("GET", f"{one}/bars", market.bars, "Its bars, oldest first", shapes.Bars, fields=bars),
        Route("GET", f"{one}/statistics", market.statistics, "Its day, and its depth", market_shapes.Statistics),
        Route("GET", f"{one}/indicative", market.indicative, "What an auction would find", market_shapes.Indicative),
        Route(
            "GET",
            f"{one}/orders",
            market.orders,
            "Every order of its book",
            market_shapes.BookOrders,
            JOURNAL_ROLES,
            fields=(LIMIT, CURSOR),
        ),
        Route("GET", f"{one}/requests", market.requests, "Open requests for quotes", list[market_shapes.QuoteRequest]),
        Route("GET", "/v1/sessions", market.sessions, "Trading states", list[market_shapes.MarketSession]),
    )


def session_routes(own: SessionHandlers) -> tuple[Route, ...]:
    """Who is asking."""
    return (
        Route("GET", "/v1/session", own.session, "Who you are", shapes.Session),
        Route("POST", "/v1/session", own.log_in, "A login link", shapes.LoginLink, accepts=shapes.Nothing),
        Route("DELETE", "/v1/session", own.log_out, "Log out", shapes.Nothing),
    )


def account_routes(own: TradingHandlers) -> tuple[Route, ...]:
    """What an account owns and did, and the journal."""
    listed = (ACCOUNT, INSTRUMENT, LIMIT, CURSOR)
    start = Field("start", "first sequence; negative: from the end")
    return (
        Route("GET", "/v1/balances", own.balances, "What is owned and held", list[shapes.Balance], fields=(ACCOUNT,)),
        Route("GET", "/v1/positions", own.positions, "Positions", list[shapes.Position], fields=(ACCOUNT,)),
        Route("GET", "/v1/fills", own.fills, "Fills, newest first", shapes.Fills, fields=listed),
        Route("GET", "/v1/journal", own.journal, "Records", shapes.Journal, JOURNAL_ROLES, fields=(start, LIMIT)),
    )


def trading_routes(own: TradingHandlers) -> tuple[Route, ...]:
    """Orders and quotes."""
    children = Field("children", "true: children of parents, too")
    listed = (Field("status", "open, closed or all"), children, ACCOUNT, INSTRUMENT, LIMIT, CURSOR)
    order, by_client_id = "/v1/orders/{id}", "/v1/orders/by-client-id/{client_order_id}"
    return (
        Route(
            "POST",
            "/v1/orders",
            own.place,
            "Place an order",
            shapes.Order,
            TRADING_ROLES,
            shapes.NewOrder,
            201,
            (KEY,),
        ),
        Route("GET", "/v1/orders", own.orders, "Orders, newest first", shapes.Orders, fields=listed),
        Route(
            "DELETE",
            "/v1/orders",
            own.cancel_all,
            "Cancel all",
            shapes.CancelledOrders,
            TRADING_ROLES,
            fields=(INSTRUMENT, ACCOUNT, Field("side", "buy or sell"), Field("session", "only what this session sent")),
        ),
        Route("GET", order, own.order, "One order", shapes.Order),
        Route("GET", by_client_id, own.order_by_client_id, "One order", shapes.Order, fields=(ACCOUNT,)),
        Route(
            "GET",
            f"{order}/history",
            own.order_history,
            "What happened to it, oldest first",
            market_shapes.History,
            fields=(LIMIT, CURSOR),
        ),
        Route("PATCH", order, own.replace, "Change it", shapes.Order, TRADING_ROLES, shapes.OrderChange),
        Route("DELETE", order, own.cancel, "Cancel it", shapes.Order, TRADING_ROLES),
        Route(
            "POST", "/v1/quotes", own.quote, "A mass quote", list[shapes.QuoteAnswer], TRADING_ROLES, shapes.MassQuote
        ),
        Route(
            "POST",
            "/v1/responses/{id}/accept",
            own.accept_quote,
            "Take a response to a request for quotes",
            shapes.Done,
            TRADING_ROLES,
            shapes.Acceptance,
            fields=(ACCOUNT,),
        ),
        Route(
            "POST", "/v1/dead-man", own.dead_man, "Set the dead-man timer", shapes.Done, TRADING_ROLES, shapes.DeadMan
        ),
    )


def work_routes(work: WorkHandlers) -> tuple[Route, ...]:
    """Orders that are worked, and the routes they go."""
    order = "/v1/orders/{id}"
    return (
        Route("GET", "/v1/paths", work.paths, "The ways to work an order", list[work_shapes.PathFacts]),
        Route("GET", f"{order}/children", work.children, "A parent's children, oldest first", work_shapes.Children),
        Route("GET", f"{order}/costs", work.costs, "What a parent cost", work_shapes.Costs),
        Route(
            "GET",
            "/v1/instruments/{instrument}/consolidated",
            work.consolidated,
            "One book over all venues, by the price with fees",
            work_shapes.Consolidated,
            fields=(Field("depth", "levels a side"),),
        ),
        Route("GET", "/v1/routes", work.routes, "How the way to each venue does", list[work_shapes.RouteFacts]),
        Route(
            "GET",
            "/v1/routes/events",
            work.events,
            "Sources quarantined and back, breakers locked and unlocked, newest first",
            list[work_shapes.RouteEvent],
        ),
    )


def confirmation_routes(own: ConfirmationHandlers) -> tuple[Route, ...]:
    """Confirmations of foreign exchange by SWIFT."""
    listed = (Field("state", "only confirmations in this state"), LIMIT)
    path, summary = "/v1/confirmations", "Confirmations of foreign exchange, newest first"
    return (Route("GET", path, own.confirmations, summary, list[ConfirmationRow], JOURNAL_ROLES, fields=listed),)


def books_routes(own: BooksHandlers) -> tuple[Route, ...]:
    """The books of record."""
    at = Field("at", "a record's number or a time; without it: the end of the books")
    path = Field("path", "only this account and those below it")
    span = (Field("from", "behind this point, a record's number or a time"), Field("to", "up to this point"))
    account = Field("account", "the account that is meant; operators and auditors: any account, by id or path")
    return (
        Route("GET", "/v1/books/balances", own.balances, "Booked balances", BookedBalances, fields=(at, path, ACCOUNT)),
        Route(
            "GET",
            "/v1/books/trial-balance",
            own.trial_balance,
            "Debits and credits of every asset",
            TrialBalance,
            JOURNAL_ROLES,
            fields=(at,),
        ),
        Route(
            "GET",
            "/v1/books/statement",
            own.statement,
            "Every posting of an account, oldest first",
            BookedStatement,
            fields=(account, *span, LIMIT),
        ),
        Route(
            "GET",
            "/v1/books/revenue",
            own.revenue,
            "What the firm earned, by source and by client",
            Earnings,
            JOURNAL_ROLES,
            fields=span,
        ),
    )


def statement_routes(own: StatementHandlers) -> tuple[Route, ...]:
    """What a client is told of his account."""
    account = Field("account", "the account that is meant; operators and auditors: any account, by id or path")
    span = (Field("from", "behind this point, a record's number or a time"), Field("to", "up to this point"))
    format_ = Field("format", "json or pdf")
    path, summary = "/v1/statements", "A client's statement of a period, as JSON or PDF"
    fields = (account, *span, format_)
    return (Route("GET", path, own.statement, summary, ClientStatement, fields=fields, also=(PDF,)),)


def audit_log_routes(own: AuditLogHandlers) -> tuple[Route, ...]:
    """The logs that prove what the journal says."""
    status, proof = "How far the audit logs are", "That a record is in the journal's log"
    one, of_order = "/v1/audit/records/{sequence}/proof", "/v1/audit/orders/{order}/proof"
    event = "That an event of an order is in the log of orders, and what it says"
    at = Field("sequence", "the record that caused the event; without it: the order's last one")
    among = Field("place", "which of the order's events at that record; without it: the first")
    return (
        Route("GET", "/v1/audit/status", own.status, status, AuditStatus, JOURNAL_ROLES),
        Route("GET", one, own.record_proof, proof, ProofFile, JOURNAL_ROLES),
        Route("GET", of_order, own.order_proof, event, ProofFile, JOURNAL_ROLES, fields=(at, among)),
    )


def audit_store_routes(own: AuditStoreHandlers) -> tuple[Route, ...]:
    """What happened to orders."""
    words = (
        Field("text", "in ids, symbols, reasons and who sent it"),
        Field("account", "only this account's, by id"),
        INSTRUMENT,
        Field("event", "new, reject, fill, amend, cancel ..."),
        Field("reason", "why it was refused or ended"),
        Field("from", "from this time on"),
        Field("to", "before this time"),
        LIMIT,
        Field("before", "`next` of the page before"),
    )
    found, life = "Events of orders, newest first", "An order's life with its 78 fields"
    return (
        Route("GET", "/v1/audit/orders", own.orders, found, AuditedOrders, JOURNAL_ROLES, fields=words),
        Route("GET", "/v1/audit/orders/{order}", own.life, life, AuditedLife, JOURNAL_ROLES),
    )


def witness_routes(own: WitnessHandlers) -> tuple[Route, ...]:
    """Who watches the logs."""
    summary = "Who cosigns the logs' heads, and what was seen"
    return (Route("GET", "/v1/audit/witnesses", own.witnesses, summary, AuditWitnesses, JOURNAL_ROLES),)


def ceremony_routes(own: CeremonyHandlers) -> tuple[Route, ...]:
    """Threshold keys."""
    summary = "Threshold keys, and what their holders did"
    return (Route("GET", "/v1/audit/ceremonies", own.ceremonies, summary, AuditCeremonies, JOURNAL_ROLES),)


def ledger_routes(ledger: LedgerHandlers) -> tuple[Route, ...]:
    """Accounts, and money that moves between them."""
    commands = (
        ("move", ledger.move, "Move money for a purpose", ledger_shapes.MoneyMove),
        ("move_pending", ledger.move_pending, "Hold money for a move to come", ledger_shapes.PendingMove),
        ("post_pending", ledger.post_pending, "Post a pending transfer", ledger_shapes.PendingPost),
        ("void_pending", ledger.void_pending, "Void a pending transfer", ledger_shapes.PendingVoid),
        ("exchange", ledger.exchange, "Exchange one asset for another", ledger_shapes.MoneyExchange),
    )
    asked = (
        ("accounts", ledger.accounts, "All accounts with their paths", list[ledger_shapes.LedgerAccount]),
        ("pending", ledger.pending, "Transfers that wait, oldest first", list[ledger_shapes.PendingTransfer]),
    )
    return (
        *(
            Route("POST", f"/v1/operator/{name}", handler, summary, shapes.Done, OPERATOR_ONLY, accepts, fields=(KEY,))
            for name, handler, summary, accepts in commands
        ),
        *(
            Route("GET", f"/v1/operator/{name}", handler, summary, answers, JOURNAL_ROLES)
            for name, handler, summary, answers in asked
        ),
    )


def clearing_routes(own: clearing.ClearingHandlers) -> tuple[Route, ...]:
    """What trades leave to settle, and what operators decide of it."""
    state = Field("state", "open, all, or one of pending, partial, failing, settled, busted, bought_in, converted")
    day = Field("day", "YYYY-MM-DD; absent: the last cycle's")
    reads = (
        ("obligations", own.obligations, "Trades that were novated, newest first", list[clearing.ClearedTrade]),
        ("fails", own.fails, "What was due and did not settle, oldest first", list[clearing.FailRow]),
        ("nets", own.nets, "A day's cycle: what each participant owed and was owed", clearing.Nets),
        ("actions", own.actions, "Corporate actions, newest first", list[clearing.ActionRow]),
        ("breaks", own.breaks, "What of contracts waits for somebody", clearing.Breaks),
    )
    decisions = (
        ("corporate_action", own.propose, "Enter a corporate action", clearing.NewCorporateAction),
        ("approve_action", own.approve, "Approve what another operator entered", clearing.ActionChosen),
        ("settlement_price", own.settlement_price, "Enter a settlement price", clearing.NewSettlementPrice),
        ("approve_price", own.approve_price, "Approve a price that another entered", clearing.PriceChosen),
        ("report_fail", own.report, "Say that a trade does not settle", clearing.FailReport),
        ("lift_fail", own.lift, "Let a reported trade settle again", clearing.TradeChosen),
    )
    of_account = Field("account", "only obligations of this account")
    shown = {
        "obligations": (state, of_account, LIMIT),
        "fails": (LIMIT,),
        "nets": (day,),
        "actions": (LIMIT,),
        "breaks": (),
    }
    return (
        *(
            Route("GET", f"/v1/clearing/{name}", handler, summary, answers, JOURNAL_ROLES, fields=shown[name])
            for name, handler, summary, answers in reads
        ),
        *(
            Route("POST", f"/v1/operator/{name}", handler, summary, shapes.Done, OPERATOR_ONLY, accepts)
            for name, handler, summary, accepts in decisions
        ),
    )


def margin_routes(margin: MarginHandlers) -> tuple[Route, ...]:
    """Margined positions: what they require, leverage, and what operators ask."""
    tiers = "/v1/instruments/{instrument}/tiers"
    accounts, leverage = list[margin_shapes.MarginAccount], margin_shapes.Leverage
    listed = (
        ("set_margin_tier", margin.set_tier, "Set a row of a perpetual's tier table", margin_shapes.NewTier),
        ("set_margin_policy", margin.set_policy, "Set loss limit, time of calls, fund's fee", margin_shapes.Policy),
        ("close_day", margin.close_day, "Close the day: losses count anew", margin_shapes.OneAsset),
        ("end_freeze", margin.end_freeze, "End an account's freeze for a loss", margin_shapes.Freeze),
        ("fund", margin.fund, "Pay funding at the mark", margin_shapes.Funding),
        ("liquidate", margin.liquidate, "Close a liquidatable position by the book", margin_shapes.Liquidation),
        ("deleverage", margin.deleverage, "Close it against the first in line", margin_shapes.Deleveraging),
    )
    return (
        Route("GET", "/v1/margin", margin.margin, "Margin by asset", accounts, fields=(ACCOUNT,)),
        Route("POST", "/v1/leverage", margin.set_leverage, "Choose leverage", shapes.Done, TRADING_ROLES, leverage),
        Route("GET", tiers, margin.tiers, "A perpetual's margin by value", list[margin_shapes.Tier]),
        *(
            Route("POST", f"/v1/operator/{name}", handler, summary, shapes.Done, OPERATOR_ONLY, accepts, fields=(KEY,))
            for name, handler, summary, accepts in listed
        ),
    )


def allocation_routes(own: AllocationHandlers) -> tuple[Route, ...]:
    """Blocks to sub-accounts."""
    return (
        Route(
            "POST",
            "/v1/allocations",
            own.allocate,
            "Allocate a block at its average price",
            ledger_shapes.Allocation,
            TRADING_ROLES,
            ledger_shapes.NewAllocation,
            201,
        ),
    )


def operator_routes(house: OperatorHandlers, desk: DeskHandlers) -> tuple[Route, ...]:
    """The commands that run the house."""
    listed = (
        ("set_rule", desk.set_rule, "Set a rule of a book", operator_shapes.NewRule),
        ("set_tick", desk.set_tick, "Add a row to the tick table", operator_shapes.NewTick),
        ("set_session", desk.set_session, "Change the trading state", operator_shapes.NewSession),
        ("uncross", desk.uncross, "End the call of an auction", operator_shapes.OneInstrument),
        ("clear_sealed", desk.clear_sealed, "Open and award sealed bids", operator_shapes.OneInstrument),
        ("set_account", desk.set_account, "Put an account into a group and under a firm", operator_shapes.Membership),
        ("set_credit", desk.set_credit, "Grant a credit line, or locate stock for short sales", operator_shapes.Credit),
        ("set_limit", desk.set_limit, "Set a limit of the gate", operator_shapes.NewLimit),
        ("kill", desk.kill, "Purge every order in a scope and take no new ones", operator_shapes.Killing),
        ("rearm", desk.rearm, "Agree to end a kill; two operators must", operator_shapes.Killing),
        ("register_maker", desk.register_maker, "Register a market maker", operator_shapes.NewMaker),
        ("set_protection", desk.set_protection, "Protect a market maker", operator_shapes.NewProtection),
        ("correct_trade", desk.correct_trade, "Bust or adjust a trade", operator_shapes.Correction),
        ("open_account", house.open_account, "Open an account", operator_shapes.NewAccount),
        ("deposit", house.deposit, "Bring money or assets in", operator_shapes.Movement),
        ("withdraw", house.withdraw, "Take money or assets out", operator_shapes.Movement),
        ("transfer", house.transfer, "Move between two accounts", operator_shapes.AccountTransfer),
        ("add_asset", house.add_asset, "Make an asset known", operator_shapes.NewAsset),
        ("add_instrument", house.add_instrument, "List an instrument", operator_shapes.NewInstrument),
        ("halt", house.halt, "Stop new orders in an instrument, or everywhere", operator_shapes.Halting),
        ("resume", house.resume, "Take orders again", operator_shapes.Halting),
        ("cancel_all", house.cancel_all, "Cancel every order that matches", operator_shapes.MassCancel),
        ("mark", house.mark, "Bring a price that money depends on", operator_shapes.NewMark),
    )
    commands = tuple(
        Route("POST", f"/v1/operator/{name}", handler, summary, shapes.Done, OPERATOR_ONLY, accepts, fields=(KEY,))
        for name, handler, summary, accepts in listed
    )
    snapshot, key = "/v1/operator/snapshot", "/v1/operator/create_key"
    return (
        *commands,
        Route(
            "GET", "/v1/operator/kills", desk.kills, "Kills that stand", list[operator_shapes.KillState], JOURNAL_ROLES
        ),
        Route("GET", "/v1/makers", desk.makers, "Market makers and their scores", list[operator_shapes.Maker]),
        Route(
            "POST",
            snapshot,
            house.snapshot,
            "Write a snapshot",
            operator_shapes.Snapshot,
            OPERATOR_ONLY,
            shapes.Nothing,
        ),
        Route(
            "POST",
            key,
            house.create_key,
            "Make a key",
            operator_shapes.KeyMade,
            OPERATOR_ONLY,
            operator_shapes.NewKey,
            201,
        ),
    )
