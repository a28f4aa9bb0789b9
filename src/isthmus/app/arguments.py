"""The arguments of every command, and the module that runs it. Nothing here imports a command."""

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from isthmus.app.arguments_audit import AUDIT, add_audit
from isthmus.app.arguments_banks import BANKS, CLEARING, add_banks
from isthmus.app.arguments_bench import BENCH, add_bench
from isthmus.app.arguments_books import BOOKS, add_books
from isthmus.app.arguments_clearing import CLEARING_PROCESS, add_clearing, add_margin_perp
from isthmus.app.arguments_custody import CUSTODIAN, STATEMENT, add_custodian, add_statement
from isthmus.app.arguments_evm import EVM, SETTLEMENT, add_evm, add_settlement
from isthmus.app.arguments_fix import add_fix_echo
from isthmus.app.arguments_frost import FROST, add_frost
from isthmus.app.arguments_keys import KEYS, add_keys
from isthmus.app.arguments_lorawan import LORAWAN, add_lorawan
from isthmus.app.arguments_margin import add_margin_bench, add_margin_span
from isthmus.app.arguments_revenue import add_clv
from isthmus.app.arguments_simm import add_margin_models
from isthmus.app.arguments_swift import MT300, add_mt300
from isthmus.app.arguments_venues import VENUE, add_venue, add_xmlguard
from isthmus.app.arguments_zk import ZK, add_zk
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import AMOUNT_MAX, units

DURABILITIES = ("never", "os", "group")
DEFAULT_DATA = "data"

Commands = Any
"""argparse's own type for a group of commands is private."""


class Parser(argparse.ArgumentParser):
    """Refuses by BadInput, so that bad use looks the same whoever finds it."""

    def error(self, message: str) -> NoReturn:
        """Names the argument first: argparse's messages hold it in three places."""
        head, found, rest = message.partition(": ")
        if found and head.startswith("argument "):
            raise BadInput(head.removeprefix("argument ").split("/")[0].lstrip("-"), rest)
        if found and head.startswith("the following arguments are required"):
            raise BadInput(rest.split(",")[0].lstrip("-"), "is required")
        if found and head.startswith("unrecognized arguments"):
            raise BadInput(rest.split()[0], "is no argument of this command")
        raise BadInput(None, message)


def build_parser(version: str) -> Parser:
    """All commands. A parsed namespace carries `runner`, "module:function", and `json`."""
    parser = Parser(
        prog="isthmus",
        description="A brokerage in one process. Each command takes --help and --json.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"isthmus {version}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(commands)
    _add_demo_keys(commands)
    _add_replay(commands)
    _add_match(commands)
    add_venue(_group(commands, "venue", VENUE), _add)
    _add_tca(commands)
    _add_dex(commands)
    _add_route(commands)
    _add_arbitrage(commands)
    _add_metals(commands)
    _add_liquidity(commands)
    _add_verify(commands)
    _add_takeover(commands)
    _add_backup(commands)
    _add_compact(commands)
    bench = _group(commands, "bench", BENCH)
    add_bench(bench, _add)
    add_margin_bench(bench, _add)
    add_banks(_group(commands, "iso20022", BANKS), _group(commands, "clearing-file", CLEARING), _add)
    _add_sim(commands)
    add_frost(_group(commands, "frost", FROST), _add)
    add_audit(_group(commands, "audit", AUDIT), _add, DEFAULT_DATA)
    add_keys(_group(commands, "keys", KEYS), _add, _port, DEFAULT_DATA)
    add_zk(_group(commands, "zk", ZK), _add, DEFAULT_DATA)
    add_books(_group(commands, "books", BOOKS), _add, DEFAULT_DATA)
    add_lorawan(_group(commands, "lorawan", LORAWAN), _add)
    add_evm(_group(commands, "evm", EVM), _add)
    add_settlement(_group(commands, "settlement", SETTLEMENT), _add)
    add_mt300(_group(commands, "mt300", MT300), _add, DEFAULT_DATA)
    add_statement(_group(commands, "statement", STATEMENT), _add)
    add_custodian(_group(commands, "custodian", CUSTODIAN), _add, _port)
    add_clearing(_group(commands, "clearing", CLEARING_PROCESS), _add, DEFAULT_DATA)
    add_xmlguard(commands, _add)
    add_fix_echo(commands, _add, _port)
    add_clv(commands, _add)
    margin = _group(commands, "margin", "Margin requirements of portfolios.")
    add_margin_span(margin, _add)
    add_margin_models(margin, _add)
    add_margin_perp(margin, _add)
    _add_doctor(commands)
    return parser


def _add(commands: Commands, name: str, runner: str, purpose: str, example: str) -> Parser:
    command: Parser = commands.add_parser(
        name,
        help=purpose,
        description=purpose,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    command.set_defaults(runner=runner)
    return command


def _group(commands: Commands, name: str, purpose: str) -> Commands:
    group = commands.add_parser(name, help=purpose, description=purpose, allow_abbrev=False)
    return group.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _add_serve(commands: Commands) -> None:
    serve = _add(
        commands,
        "serve",
        "isthmus.app.serve:run",
        "Runs the broker: engine, markets, API and terminal on one port, until SIGTERM or Ctrl-C.",
        "isthmus serve --data data --port 8080",
    )
    serve.add_argument("--data", metavar="DIR", help="folder of the journal and keys; made when absent (data)")
    serve.add_argument(
        "--markets", metavar="DIR", help="recordings to play and pools to trade instead of the simulated markets"
    )
    serve.add_argument("--config", metavar="F", help="settings file (TOML) laid over the defaults")
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=_port, help="port to listen on, 0 takes a free one (8080)")
    serve.add_argument("--speed", type=_speed, help="pace of the markets, 1 is that of the recording (1)")
    serve.add_argument("--standby", action="store_true", help="follow the folder's owner and take over when it is gone")
    serve.add_argument(
        "--from",
        dest="owner",
        metavar="HOST:PORT",
        help="with --standby: the owner is on another host, and linked here",
    )
    serve.add_argument("--durability", choices=DURABILITIES, help="what an answer waits for (group)")


def _add_demo_keys(commands: Commands) -> None:
    keys = _add(
        commands,
        "demo-keys",
        "isthmus.app.demo_keys:run",
        "Prints the demo account's keys and a fresh login link; works while serve runs.",
        "isthmus demo-keys --data data --json",
    )
    keys.add_argument("--data", metavar="DIR", default=DEFAULT_DATA, help="folder given to serve (data)")


def _add_replay(commands: Commands) -> None:
    replay = _group(commands, "replay", "Plays a recorded day through the engine and compares what it does.")
    lobster = _add(
        replay,
        "lobster",
        "isthmus.app.replay:lobster",
        "LOBSTER messages: best quotes against the book file, makers against the executions.",
        "isthmus replay lobster --messages GOOG_message_10.csv.gz --orderbook GOOG_orderbook_10.csv.gz --json",
    )
    lobster.add_argument("--messages", metavar="F", required=True, help="message file, or - for standard input")
    lobster.add_argument("--orderbook", metavar="F", help="book file to compare with; without it only makers are")
    lobster.add_argument("--levels", metavar="N", type=_count, help="levels of the book file (as many as it has)")
    mbo = _add(
        replay,
        "mbo",
        "isthmus.app.replay:mbo",
        "Market by order (DBN or CSV): ten levels against the expected rows, makers against the fills.",
        "isthmus replay mbo --events ARL_mbo.csv.gz --expected ARL_mbp10_expected.csv.gz --json",
    )
    mbo.add_argument("--events", metavar="F", required=True, action="append", help="events; may be given again")
    mbo.add_argument("--expected", metavar="F", help="rows of ten levels to compare with")
    depth = _add(
        replay,
        "depth",
        "isthmus.app.replay:depth",
        "Raw depth and trade streams of a venue: sequence gaps, crossed books, checksums.",
        "isthmus replay depth --events binance_spot_btcusdt_20240808.gz --json",
    )
    depth.add_argument("--events", metavar="F", required=True, help="recorded stream, or - for standard input")
    depth.add_argument("--venue", metavar="NAME", help="venue, when the content does not tell it")


def _add_match(commands: Commands) -> None:
    match = _add(
        commands,
        "match",
        "isthmus.app.match:run",
        "Plays rows (NDJSON) of any engine's test suite: orders, books, auctions; what happened comes out as rows.",
        "isthmus match cases.ndjson",
    )
    match.add_argument("file", metavar="F", help="rows, or - for standard input")


def _add_tca(commands: Commands) -> None:
    tca = _add(
        commands,
        "tca",
        "isthmus.app.tca:run",
        "What orders with a path cost: of a data folder, or all 23 paths on recordings and the reacting simulator.",
        "isthmus tca --day data --json",
    )
    tca.add_argument("--day", metavar="DIR", required=True, help="a data folder, or a folder of recordings")
    tca.add_argument("--paths", metavar="NAMES", help="only these, apart by commas (recordings)")
    tca.add_argument("--seeds", metavar="N", type=_count, default=4, help="days of the simulator (4)")
    tca.add_argument("--parameters", metavar="JSON", help='of paths, beyond their defaults: {"IS_AC":{"urgency":6}}')
    tca.add_argument("--report", metavar="F", help="write the report with pictures as HTML here")
    tca.add_argument("--pdf", metavar="F", help="and print it here, by a Chromium on the path")


def _add_dex(commands: Commands) -> None:
    dex = _group(commands, "dex", "Pools of automated market makers.")
    swaps = _add(
        dex,
        "swaps",
        "isthmus.app.dex:swaps",
        "Recorded swaps of a Uniswap v3 pool against its formula, to the last unit. Exit 1 if one differs.",
        "isthmus dex swaps --pool uniswap_v3_weth_ens_3000_events_part1.json --json",
    )
    swaps.add_argument("--pool", metavar="F", required=True, help="events of the pool (JSON), or - for standard input")


def _add_route(commands: Commands) -> None:
    route = _add(
        commands,
        "route",
        "isthmus.app.route:run",
        "Says what would be done with an order on these books: consolidated book, path, children, why; or, with "
        "--data, makes the decisions on a worked order again from journal and tape.",
        "isthmus route --explain --order order.json --books books.json",
    )
    route.add_argument("--explain", action="store_true", required=True, help="say it and do nothing")
    route.add_argument(
        "--order", metavar="F", required=True, help="order (JSON), or - for standard input; with --data an order's id"
    )
    route.add_argument("--data", metavar="DIR", help="data folder with the order, its journal and its tape")
    route.add_argument(
        "--books",
        metavar="F",
        action="append",
        help="books (JSON, or one venue a line), or a recorded depth stream; may be given again for streams",
    )
    route.add_argument("--at", metavar="TIME", help="of a recording: the book at this time, RFC 3339 (its end)")
    route.add_argument("--depth", metavar="N", type=_count, default=20, help="levels a side that are printed (20)")


def _add_arbitrage(commands: Commands) -> None:
    desk = _add(
        commands,
        "arbitrage",
        "isthmus.app.arbitrage:run",
        "What of recorded markets could have been bought at one and sold at another with a profit, by replay.",
        "isthmus arbitrage --markets spot.gz perpetual.gz coin.gz --latency-ms 50 --json",
    )
    desk.add_argument("--markets", metavar="F", nargs="+", required=True, help="recordings, one market each or a day")
    desk.add_argument("--latency-ms", metavar="MS", type=_milliseconds, default=50.0, help="from quote to order (50)")
    desk.add_argument(
        "--minimum-profit", metavar="X", type=_nano, default=10_000_000, help="of an intent, in quote (0.01)"
    )
    desk.add_argument("--most", metavar="X", type=_nano, default=0, help="base units of an intent, 0 any (0)")
    desk.add_argument("--loss-limit", metavar="X", type=_nano, default=0, help="for completing legs, in quote (0)")
    desk.add_argument("--within-ms", metavar="MS", type=_milliseconds, default=1_000.0, help="until legs close (1000)")
    desk.add_argument("--stale-s", metavar="S", type=_seconds, default=60.0, help="age at which a quote is dead (60)")
    for name, what, read in (("--fee-ppm", "taker's fee", _ppm), ("--utc-offset", "hours ahead of UTC", _hours)):
        desk.add_argument(name, metavar="VENUE=N", type=_named(read), action="append", default=[], help=what)


def _add_metals(commands: Commands) -> None:
    metals = _add(
        commands,
        "metals",
        "isthmus.app.metals:run",
        "How a purchase of metal is split between spot and forward by warehouse stock and basis; of gold the basis.",
        "isthmus metals --prices lme_copper_daily.csv.gz --json",
    )
    metals.add_argument("--prices", metavar="F", required=True, help="daily prices and stock, or minutes of a future")
    metals.add_argument("--metal", metavar="NAME", help="copper, aluminium, nickel or another (the file's name tells)")
    metals.add_argument("--carry-bps", metavar="N", type=_bps, default=400, help="interest and storage a year (400)")
    metals.add_argument("--daily-use", metavar="T", type=_count, help="tonnes that the world uses in a day")
    metals.add_argument("--tonnes", metavar="T", type=_tonnes, default=0, help="the purchase, to be split in tonnes")
    metals.add_argument("--summary", action="store_true", help="one object: shares, refused days, the theory's figures")
    metals.add_argument("--spot", metavar="F", help="hours of the spot price, with minutes of a future")
    metals.add_argument("--contract", metavar="YYYYMM", help="expiry of the future (the one quoted closest)")


def _add_liquidity(commands: Commands) -> None:
    liquidity = _add(
        commands,
        "liquidity",
        "isthmus.app.liquidity:run",
        "Forecasts depth, spread and volume by time of day, tests it on the last day, cuts an order by it.",
        "isthmus liquidity --quotes ibm_*_tick_quote.zip ibm_*_tick_trade.zip --json",
    )
    liquidity.add_argument("--quotes", metavar="F", nargs="+", required=True, help="days of quotes and of trades")
    liquidity.add_argument("--bin-s", metavar="S", type=_bin, default=300, help="length of a bin (300)")
    liquidity.add_argument("--order", metavar="Q", type=_count, help="an order to cut over the day")
    liquidity.add_argument("--lot", metavar="Q", type=_count, default=1, help="lot of its children (1)")
    liquidity.add_argument("--children", metavar="N", type=_children, default=300, help="how many are wanted (300)")
    liquidity.add_argument(
        "--participation-ppm", metavar="N", type=_share, default=100_000, help="of the expected volume (100000)"
    )
    liquidity.add_argument("--picture", metavar="F", help="draw the surface of one depth stream into this SVG file")
    liquidity.add_argument("--distance-bps", metavar="X", type=_distance, default=10.0, help="how far it reaches (10)")


def _add_verify(commands: Commands) -> None:
    verify = _add(
        commands,
        "verify",
        "isthmus.app.verify:run",
        "Checks every byte of a journal. Exit 0 sound, 1 damaged, 3 torn tail after an unclean stop.",
        "isthmus verify data --replay --json",
    )
    verify.add_argument("dir", metavar="DIR", help="data folder, or its journal folder")
    verify.add_argument("--head", metavar="HEX", type=_hash, help="a known head: proves that nothing was cut off")
    verify.add_argument("--replay", action="store_true", help="run every command again and compare its effects")
    verify.add_argument(
        "--no-snapshot", action="store_true", help="leave snapshots out; with --replay: start from the first record"
    )


def _add_takeover(commands: Commands) -> None:
    takeover = _add(
        commands,
        "takeover",
        "isthmus.app.takeover:run",
        "Makes the standby of a data folder its owner, even while the former owner seems to live.",
        "isthmus takeover --data data --json",
    )
    takeover.add_argument("--data", metavar="DIR", default=DEFAULT_DATA, help="folder of the standby (data)")
    takeover.add_argument("--wait", metavar="S", type=_seconds, default=30.0, help="how long to wait for it (30)")


def _add_backup(commands: Commands) -> None:
    backup = _add(
        commands,
        "backup",
        "isthmus.app.backup:run",
        "Copies a data folder, consistent while a server writes to it, and verifies the copy.",
        "isthmus backup --data data --to backup --json",
    )
    backup.add_argument("--data", metavar="DIR", default=DEFAULT_DATA, help="folder to copy (data)")
    backup.add_argument("--to", metavar="DIR", required=True, help="folder of the copy; made, or empty")


def _add_compact(commands: Commands) -> None:
    compact = _add(
        commands,
        "compact",
        "isthmus.app.compact:run",
        "Turns old sealed segments into Parquet files; the chain can still be verified.",
        "isthmus compact --data data --json",
    )
    compact.add_argument("--data", metavar="DIR", default=DEFAULT_DATA, help="folder of the journal (data)")


def _add_sim(commands: Commands) -> None:
    sim = _add(
        commands,
        "sim",
        "isthmus.app.sim:run",
        "Runs seeded simulations: clients, clock, disk and crashes against the laws. Exit 1 if one is broken.",
        "isthmus sim --seed 1 --seeds 1000 --json",
    )
    sim.add_argument("--seed", metavar="N", type=_seed, default=1, help="first seed (1)")
    sim.add_argument("--seeds", metavar="K", type=_count, default=1, help="how many seeds (1)")
    sim.add_argument("--cold", metavar="K", type=_seed, default=0, help="so many of them with the Python tier too (0)")
    sim.add_argument(
        "--plant", metavar="FAULT", default="nothing", help="a fault to find: priority, money, posting, flush"
    )
    sim.add_argument("--verbose", action="store_true", help="print every command of the Python tier and its effects")


def _add_doctor(commands: Commands) -> None:
    _add(
        commands,
        "doctor",
        "isthmus.app.doctor:run",
        "Checks what Isthmus needs on this machine and says how to get what is missing.",
        "isthmus doctor",
    )


def _port(text: str) -> int:
    return int(_number(text, 0, 65_535, whole=True))


def _speed(text: str) -> float:
    return _number(text, 0.001, 1_000)


def _seconds(text: str) -> float:
    return _number(text, 0, 86_400)


def _milliseconds(text: str) -> float:
    return _number(text, 0, 86_400_000)


def _nano(text: str) -> int:
    """An amount of money or of an asset in 10^-9."""
    try:
        amount = units(text, 9)
    except ValueError:
        amount = -1
    if not 0 <= amount <= AMOUNT_MAX:
        raise argparse.ArgumentTypeError("must be a plain number from 0 to 9000000000 with at most nine decimals")
    return amount


def _ppm(text: str) -> float:
    return _number(text, -100_000, 100_000, whole=True)


def _hours(text: str) -> float:
    return _number(text, -14, 14)


def _bps(text: str) -> int:
    return int(_number(text, 0, 10_000, whole=True))


def _tonnes(text: str) -> int:
    return int(_number(text, 0, 100_000_000, whole=True))


def _bin(text: str) -> int:
    return int(_number(text, 10, 3_600, whole=True))


def _children(text: str) -> int:
    return int(_number(text, 1, 10_000, whole=True))


def _share(text: str) -> int:
    return int(_number(text, 1, 1_000_000, whole=True))


def _distance(text: str) -> float:
    return _number(text, 0.01, 1_000)


def _named(read: Callable[[str], float]) -> Callable[[str], tuple[str, float]]:
    """A type of arguments NAME=NUMBER."""

    def pair(text: str) -> tuple[str, float]:
        name, _, value = text.partition("=")
        if not name or not value:
            raise argparse.ArgumentTypeError("must be VENUE=NUMBER")
        return name.lower(), read(value)

    return pair


def _seed(text: str) -> int:
    return int(_number(text, 0, 2**53, whole=True))


def _count(text: str) -> int:
    return int(_number(text, 1, 1_000_000, whole=True))


def _number(text: str, low: float, high: float, whole: bool = False) -> float:
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise argparse.ArgumentTypeError(f"must be a {'whole ' if whole else ''}number from {low} to {high}")
    return number


def _hash(text: str) -> str:
    try:
        known = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        known = b""
    if len(known) != 32:
        raise argparse.ArgumentTypeError("must be 64 hexadecimal digits")
    return known.hex()
