"""Makes the fixture journal of the present rules, to which `tests/unit/engine/test_releases.py` holds later releases.

Run once at a release that changes the rules, with that release's engine, from the root of the repository:

    python tools/fixture_journal.py            # makes tests/golden/journals/rules_<n>, which must not exist

The session has spot and perpetual instruments, fills, cancels, replacements, settlements, freezes, orders at outside
venues, refusals, a repeated client id and a clock that was held back; the journal has several segments, a snapshot in
the middle, and ends with a clean stop. `expected.json` says what the release that made it knew at its end.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.oracle.adapter import to_core
from tests.sim.strategies import session

from isthmus import _core

GOLDEN = Path("tests/golden/journals")
SEED, LENGTH = 52, 300
SEGMENT_BYTES = 16_384
SNAPSHOT_AT = 200
"""Records before the snapshot in the middle."""


def main() -> int:
    """Exit 0 when the folder was made."""
    folder = GOLDEN / f"rules_{_core.RULES}"
    if folder.exists():
        print(f"{folder} exists: a fixture is made once and never changed", file=sys.stderr)
        return 2
    engine = _core.Engine(str(folder), "os", SEGMENT_BYTES)
    for number, (command, at) in enumerate(session(SEED, LENGTH), 1):
        engine.submit(to_core(_core, command), at, _origin(number))
        if number == SNAPSHOT_AT:
            engine.snapshot()
    known = _known(engine)
    engine.close()
    (folder / "lock").unlink()
    (folder / "expected.json").write_text(json.dumps(known, indent=1) + "\n")
    print(f"{folder}: {known['records']} records, head {known['head']}")
    return 0


def _origin(number: int) -> Any:
    """Every third record has an origin, one of them with the hash of an instruction."""
    if number % 3:
        return None
    instruction = bytes(range(32)) if number % 2 else None
    return _core.Origin(number, 7, 1, 2, 1_000 + number, f"client-{number}", instruction)


def _known(engine: Any) -> dict[str, Any]:
    """Everything that can be asked of the engine at its end."""
    accounts = [account for account, _ in engine.accounts()]
    instruments = [row["instrument"] for row in engine.instruments()]
    orders = sorted(order for account in accounts for order in engine.orders(account))
    return {
        "rules": _core.RULES,
        "records": engine.sequence,
        "stamp": engine.stamp,
        "head": engine.head.hex(),
        "state_hash": engine.state_hash(),
        "balances": {str(account): engine.balances(account) for account in accounts},
        "positions": {
            f"{account}-{number}": engine.position(account, number) for account in accounts for number in instruments
        },
        "references": {str(number): engine.reference(number) for number in instruments},
        "halted": {str(row["instrument"]): row["halted"] for row in engine.instruments()},
        "depth": {str(number): engine.depth(number, 1_000) for number in instruments},
        "orders": {str(order): _plain(engine.order(order)) for order in orders},
    }


def _plain(order: dict[str, Any]) -> dict[str, Any]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in order.items()}


if __name__ == "__main__":
    sys.exit(main())
