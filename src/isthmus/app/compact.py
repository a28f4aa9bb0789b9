"""`isthmus compact`: old sealed segments become Parquet files; verify, recovery and views go on as before."""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path

from isthmus.app.output import EXIT_OK, fail, print_json, progress, say
from isthmus.app.snapshots import snapshots_in
from isthmus.audit.journal_log import covered_to
from isthmus.engine import archive
from isthmus.engine.engine import segment_header

_SEGMENT = re.compile(r"(\d{8})\.seg")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when done (there may have been nothing to do), 1 damage, 4 pyarrow is missing. May run beside a server."""
    data, started = Path(arguments.data), time.perf_counter()
    if not (data / "journal").is_dir():
        fail("data", f"{data} holds no journal")
    archive.parquet()
    segments = old_segments(data)
    bytes_before = bytes_after = count = 0
    with progress("compacting", len(segments)) as advance:
        for segment in segments:
            path = archive.segment_path(data, segment)
            bytes_before += path.stat().st_size
            count += archive.write(data, segment)
            bytes_after += archive.path_of(data, segment).stat().st_size
            path.unlink()
            advance(1)
    answer = {
        "segments": len(segments),
        "records": count,
        "bytes_before": bytes_before,
        "bytes_after": bytes_after,
        "seconds": round(time.perf_counter() - started, 3),
    }
    if arguments.json:
        print_json(answer)
    else:
        say(f"{len(segments)} segments, {count:,} records: {bytes_before:,} bytes became {bytes_after:,}")
    return EXIT_OK


def old_segments(data: Path) -> list[int]:
    """Segments that no start needs: sealed, wholly before the oldest snapshot that is kept, and, where an audit log is
    made, under a signed head.
    """
    known = [
        found.sequence for found in snapshots_in(data) if found.sequence is not None and found.name.endswith(".snap")
    ]
    numbers = sorted(int(found[1]) for path in (data / "journal").glob("*.seg") if (found := _SEGMENT.match(path.name)))
    old: list[int] = []
    covered = covered_to(data)
    for segment, following in zip(numbers, numbers[1:], strict=False):
        last, _, _ = segment_header(str(archive.segment_path(data, following)))
        if len(known) < SNAPSHOTS_NEEDED or last > min(known) or (covered is not None and last > covered):
            break
        old.append(segment)
    return old


SNAPSHOTS_NEEDED = 2
"""Recovery may have to fall back to the one before the newest."""
