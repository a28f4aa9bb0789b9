"""The rows of ISO 20022 alone: `ISTHMUS_XSD_DIR=schemas python bench/iso20022.py`."""

import os
from pathlib import Path

import msgspec

from isthmus.app.bench_iso20022 import rows

if __name__ == "__main__":
    folder = os.environ.get("ISTHMUS_XSD_DIR")
    for row, peer in rows(Path(folder) if folder else None):
        print(msgspec.json.encode(row).decode(), msgspec.json.encode(peer).decode(), sep="\n")
