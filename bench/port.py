"""What the one port adds to a new connection: `python bench/port.py`. Rows as of `isthmus bench wire --json`."""

from __future__ import annotations

import msgspec

from isthmus.app.bench_port import rows


def main() -> None:
    """Prints a row a line."""
    for row in rows():
        print(msgspec.json.encode(row).decode(), flush=True)


if __name__ == "__main__":
    main()
