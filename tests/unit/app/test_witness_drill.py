"""The drill of witnesses: real processes, and a verdict that is not always good."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest
from tests.unit.audit.naive_log import NaiveLog

from isthmus.app.witness_drill import DOWN, HONEST, LIAR, Saw, Step, Witnessed, drill, reported
from isthmus.app.witness_host import ReportRow
from isthmus.audit.jurisdictions import shipped
from isthmus.audit.standing import Asked

TRUE, FALSE = "grow", "fork"


@pytest.fixture
def steps() -> list[Step]:
    asked = Asked("", 0, lambda _: [])
    return [Step(TRUE, "true", True, 0, asked), Step(FALSE, "false", False, 0, asked, "fork")]


@pytest.fixture
def log() -> NaiveLog:
    made = NaiveLog("example.test/journal")
    made.append(b"one", b"two")
    return made


def witness(role: str, *cosigned: str, reports: tuple[ReportRow, ...] = ()) -> Witnessed:
    none = cast(Any, None)
    saw = [Saw(step, 200 if step in cosigned else 409, step in cosigned) for step in (TRUE, FALSE)]
    return Witnessed(role, role, none, "", none, none, saw, list(reports))


def fork(log: NaiveLog, other: NaiveLog | None = None) -> ReportRow:
    held = log.sign()
    forked = other or log
    return ReportRow(log.origin, "fork", 1, held, forked.sign(leaves=list(reversed(log.leaves))))


def test_the_drill_with_five_witnesses_tells_who_saw_what(tmp_path: Path) -> None:
    report = asyncio.run(drill(tmp_path, list(shipped())[:5], 2))
    assert (report["ok"], report["fooled"], report["exposed"]) == (True, [], ["us-sec"])
    assert [step["cosigned"] for step in report["steps"]] == [5, 3, 1, 1, 1, 3]
    told = {row["witness"]: [saw.status for saw in row["saw"]] for row in report["witnesses"]}
    assert told["uk-fca"] == told["us-cftc"] == [200, 200, 409, 422, 400, 200]
    assert told["cy-cysec"] == [200, 0, 0, 0, 0, 0]
    assert [row["role"] for row in report["witnesses"]] == [HONEST, HONEST, LIAR, DOWN, DOWN]
    split = report["split_view"]
    assert (split["ok"], split["with_evidence"], split["honest"]) == (True, 2, 2)
    assert [(head["size"], head["shown_to"], head["cosigned"]) for head in split["heads"]] == [(160, 3, 2), (192, 2, 1)]
    assert [(row["shown"], row["cosigned"], row["sizes"]) for row in split["witnesses"]] == [
        ("A", True, [160, 192]), ("B", True, [160, 192]), ("A", True, []), ("B", False, []), ("A", False, []),
    ]  # fmt: skip


def test_an_honest_witness_that_refuses_and_proves_the_fork_passes(steps: list[Step], log: NaiveLog) -> None:
    report = reported([witness(HONEST, TRUE, reports=(fork(log),))], steps, log.vkey, 1)
    assert (report["ok"], report["witnesses"][0]["fork_proven"]) == (True, True)


def test_an_honest_witness_that_cosigns_a_fork_fails_the_drill(steps: list[Step], log: NaiveLog) -> None:
    report = reported([witness(HONEST, TRUE, FALSE, reports=(fork(log),))], steps, log.vkey, 2)
    assert (report["ok"], report["fooled"]) == (False, [HONEST])


def test_a_witness_that_refuses_and_does_not_report_fails_the_drill(steps: list[Step], log: NaiveLog) -> None:
    assert not reported([witness(HONEST, TRUE)], steps, log.vkey, 1)["ok"]


def test_a_report_whose_notes_the_log_did_not_sign_proves_nothing(steps: list[Step], log: NaiveLog) -> None:
    stranger = NaiveLog(log.origin, seed=9)
    report = reported([witness(HONEST, TRUE, reports=(fork(log, stranger),))], steps, log.vkey, 1)
    assert (report["ok"], report["witnesses"][0]["fork_proven"]) == (False, False)


def test_a_fork_that_liars_alone_bring_to_a_quorum_fails_the_drill(steps: list[Step], log: NaiveLog) -> None:
    honest = witness(HONEST, TRUE, reports=(fork(log),))
    report = reported([honest, witness(LIAR, TRUE, FALSE)], steps, log.vkey, 1)
    assert (report["ok"], report["fooled"]) == (False, [])
