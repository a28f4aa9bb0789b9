"""What an order over HTTP costs beside a bare handler: `python bench/rest_entry.py`. Rows of `isthmus bench wire`."""

from __future__ import annotations

import msgspec

from isthmus.app.bench_rest_entry import rows


def main() -> None:
    """Prints a row a line."""
    for row in rows():
        print(msgspec.json.encode(row).decode(), flush=True)


if __name__ == "__main__":
    main()
