"""The naive twin of the engine (tests/oracle) on the start of a workload: for scale, and as a check of the chain.

`python bench/twin.py COMMANDS HOW_MANY`: applies setup and commands, and prints {"rounds": [CPU seconds of the
commands], "head": hash of the last record}.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
BLANK = bytes(16)

sys.path.insert(0, str(ROOT))
from tests.oracle.engine import Twin  # noqa: E402
from tests.oracle.messages import COMMANDS, commands  # noqa: E402

from isthmus.app.bench_workload import PLACE_ORDER, Workload, read_workload  # noqa: E402


def twin_command(command: Any) -> Any:
    """The twin's form of a command of the engine."""
    kind = COMMANDS[type(command).__name__]
    fields = command.fields()
    texts = {"Code": 16, "Symbol": 32}
    values = (
        fields[name].encode().ljust(texts[type_], b"\0") if type_ in texts else fields[name]
        for name, type_ in kind.fields
    )
    return kind.make(*values)


def twin_rows(workload: Workload, how_many: int) -> list[Any]:
    """The twin's form of the first rows."""
    made = []
    names = list(workload.rows.dtype.names or ())
    for values in workload.rows[:how_many].tolist():
        row = dict(zip(names, values, strict=True))
        if row["command"] == PLACE_ORDER:
            fields = {name: row[name] for name in commands.PlaceOrder._fields if name != "client_id"}
            made.append(commands.PlaceOrder(**fields))
        else:
            made.append(commands.CancelOrder(row["order"], row["account"], 0, BLANK))
    return made


def main(commands_file: str, how_many: str) -> None:
    """Runs the twin and prints what it took."""
    workload = read_workload(commands_file)
    setup = [twin_command(command) for command in workload.setup]
    rows = twin_rows(workload, int(how_many))
    rounds = []
    head = b""
    for _ in range(ROUNDS):
        twin = Twin()
        for command in setup:
            twin.apply(command, 1)
        started = time.process_time()
        for command in rows:
            twin.apply(command, 1)
        rounds.append(time.process_time() - started)
        head = twin.head
    print(json.dumps({"rounds": rounds, "head": head.hex()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
