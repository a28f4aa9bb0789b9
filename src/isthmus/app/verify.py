"""`isthmus verify`: is this journal what was written? The check itself is the extension's; here it gets its words.

Snapshots are looked at here: recovery passes over a damaged one, an auditor is told; and a snapshot knows a record that
was in the journal before it.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from isthmus.app.output import EXIT_FOUND, EXIT_OK, EXIT_UNCLEAN, fail, print_json, say
from isthmus.app.snapshots import SnapshotFile, newest_sequence, snapshots_in
from isthmus.engine.archive import archived, proven
from isthmus.engine.engine import Archived

HEAD_OF_NOTHING = "00" * 32
"""The hash before the first record."""


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 sound (sealed or still growing), 1 damaged, 3 torn tail; the head is printed for keeping."""
    answer = checked(Path(arguments.dir), arguments.head, arguments.replay, not arguments.no_snapshot)
    if arguments.json:
        print_json(answer)
    else:
        for line in described(answer):
            say(line)
    return exit_code(answer)


def checked(folder: Path, head: str | None, replay: bool, use_snapshot: bool) -> dict[str, Any]:
    """The verdict on a data folder or its journal folder. Raises BadInput when there is no journal to read."""
    if any((folder / "journal").glob("*.seg")) or any((folder / "snapshots").glob("*")):
        return verdict(folder, folder, head, replay, use_snapshot)
    if not any(folder.glob("*.seg")):
        fail("dir", f"{folder} holds no journal (journal/*.seg)")
    if folder.name == "journal":
        return verdict(folder, folder.parent, head, replay, use_snapshot)
    with TemporaryDirectory() as data:
        (Path(data) / "journal").symlink_to(folder.resolve())
        return verdict(folder, Path(data), head, replay, use_snapshot)


def verdict(asked: Path, data: Path, head: str | None, replay: bool, use_snapshot: bool) -> dict[str, Any]:
    """What the extension finds in `data`; a fault of reading names the folder that was asked for."""
    from isthmus._core import OtherRelease, verify

    try:
        snapshots = snapshots_in(data) if use_snapshot else []
        if archived(data):
            answer = with_archive(data, head, replay, use_snapshot)
        else:
            answer = verify(str(data), head, replay, use_snapshot)
    except OSError as error:
        fail("dir", f"{asked}: {error.strerror or error}")
    except OtherRelease as error:
        fail("replay", f"{asked}: {error}")
    bad = nothing_proven(answer, head) or against_snapshots(answer, snapshots)
    if bad is not None and bad["segment"] is None:
        bad |= end_of_journal(data)
    if bad is not None and answer["first_bad"] is None:
        answer |= {"ok": False, "first_bad": bad}
    return answer


def with_archive(data: Path, head: str | None, replay: bool, use_snapshot: bool) -> dict[str, Any]:
    """Archive files first, then the segments that follow on them."""
    archive = Archived(str(data), head, replay)
    bad = proven(data, archive)
    if bad is None:
        return archive.finish(use_snapshot)
    first_bad = {"record": archive.records + 1, "segment": bad.name, "offset": None, "reason": "archive"}
    unknown = dict.fromkeys(("tail", "state_hash", "effects_equal", "recorded_only", "differs", "epoch"))
    found = {"ok": False, "records": archive.records, "head": archive.head, "first_bad": first_bad, "torn_bytes": 0}
    return found | unknown


def nothing_proven(answer: dict[str, Any], head: str | None) -> dict[str, Any] | None:
    """The head of an empty journal says nothing about one that has records: it does not count as known."""
    if head != HEAD_OF_NOTHING or not answer["records"]:
        return None
    return {"record": answer["records"] + 1, "segment": None, "offset": None, "reason": "head"}


def against_snapshots(answer: dict[str, Any], snapshots: list[SnapshotFile]) -> dict[str, Any] | None:
    """A snapshot that is not what was written, or one of a record that the journal does not hold any more."""
    for found in snapshots:
        if found.sequence is None:
            stem = found.name.partition(".")[0]
            record = int(stem) if stem.isdigit() else None
            return {"record": record, "segment": found.name, "offset": 0, "reason": "snapshot"}
    if newest_sequence(snapshots) > answer["records"]:
        return {"record": answer["records"] + 1, "segment": None, "offset": None, "reason": "cut_off"}
    return None


def end_of_journal(data: Path) -> dict[str, Any]:
    """Where the record that is missing would have been looked for."""
    last = max((data / "journal").glob("*.seg"), default=None)
    return {"segment": last.name, "offset": last.stat().st_size} if last is not None else {}


def exit_code(answer: dict[str, Any]) -> int:
    """By the verdict: damage, and a head that is not there, go before a torn tail."""
    torn = answer["tail"] == "torn" and not head_missing(answer)
    if answer["effects_equal"] is False or (not answer["ok"] and not torn):
        return EXIT_FOUND
    return EXIT_UNCLEAN if torn else EXIT_OK


def head_missing(answer: dict[str, Any]) -> bool:
    """Whether a head was given that is not in the chain."""
    return answer["first_bad"] is not None and answer["first_bad"]["reason"] == "head"


def described(answer: dict[str, Any]) -> list[str]:
    """The verdict in a person's words, first what matters most."""
    code = exit_code(answer)
    tail = f", tail {answer['tail']}" if answer["tail"] else ""
    lines = [f"{VERDICTS[code]}: {answer['records']:,} records{tail}"]
    if head_missing(answer):
        lines.append("the head that was given is not in this journal: records were cut off, or it is another journal")
    elif answer["first_bad"] is not None and answer["first_bad"]["reason"] == "cut_off":
        lines.append(f"record {answer['first_bad']['record']} and more are gone: a snapshot was made of a later one")
    elif bad := answer["first_bad"]:
        lines.append(f"first bad: record {bad['record']} in {bad['segment']} at byte {bad['offset']} ({bad['reason']})")
    if code == EXIT_UNCLEAN:
        lines.append(f"recovery would cut {answer['torn_bytes']:,} bytes there; no record before it is touched")
    lines.append(f"head {answer['head']}")
    if answer["effects_equal"] is not None:
        same = "equal" if answer["effects_equal"] else f"DIFFERENT from record {answer['differs']} on"
        lines.append(f"effects, when run again: {same}")
    if answer["recorded_only"]:
        lines.append(f"{answer['recorded_only']:,} records of earlier rules: not run again, their postings add up")
    if answer["state_hash"] is not None:
        lines.append(f"state {answer['state_hash']}")
    return lines


VERDICTS = {EXIT_OK: "sound", EXIT_FOUND: "DAMAGED", EXIT_UNCLEAN: "torn tail after an unclean stop"}
