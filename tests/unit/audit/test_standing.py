"""What a witness's answer means to the side of the log, which remembers what the witness cosigned."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.unit.audit.naive_log import NaiveLog

from isthmus.audit.standing import BEHIND, REFUSED, SIGNED, SILENT, Asked, Outcome, Standing, answered, silent
from isthmus.audit.witness import Witness, log_key
from isthmus.audit.witness_key import WitnessKey

KEY = WitnessKey("w.test", Ed25519PrivateKey.from_private_bytes(b"\x02" * 32))


def opened(log: NaiveLog, folder: Path) -> Witness:
    return Witness(KEY.name, KEY.secret, log_key(log.vkey), folder)


@pytest.fixture
def log() -> NaiveLog:
    made = NaiveLog("example.test/journal")
    made.append(*(bytes([number]) for number in range(9)))
    return made


def head(log: NaiveLog, size: int) -> Asked:
    return Asked(log.sign(size), size, lambda old: log.consistency(old, size))


def ask(witness: Witness, before: Standing, asked: Asked, now: int) -> Outcome:
    """As a round does: once more where the witness holds another size."""
    old = min(before.size, asked.size)
    answer = witness.add_checkpoint(asked.body(old), now)
    outcome = answered(before, (asked, old), KEY.public, (answer.status, answer.body), now)
    if outcome.again is None:
        return outcome
    answer = witness.add_checkpoint(asked.body(outcome.again), now)
    return answered(before, (asked, outcome.again), KEY.public, (answer.status, answer.body), now)


def test_heads_one_after_another_are_cosigned_and_remembered(log: NaiveLog, tmp_path: Path) -> None:
    witness, standing = opened(log, tmp_path), Standing()
    for now, size in enumerate((3, 4, 7, 9), 100):
        outcome = ask(witness, standing, head(log, size), now)
        standing = outcome.standing
        assert outcome.line is not None
        assert (standing.state, standing.size, standing.time, standing.since) == (SIGNED, size, now, 100)


def test_a_witness_that_knows_more_than_is_remembered_goes_on_from_there(log: NaiveLog, tmp_path: Path) -> None:
    witness = opened(log, tmp_path)
    ask(witness, Standing(), head(log, 4), 100)
    assert ask(witness, Standing(), head(log, 9), 101).standing.size == 9


def test_a_witness_whose_folder_was_put_back_is_refused_until_the_newer_state_is_back(
    log: NaiveLog, tmp_path: Path
) -> None:
    old, new = opened(log, tmp_path / "old"), opened(log, tmp_path / "new")
    first = ask(old, Standing(), head(log, 3), 100).standing
    ask(new, Standing(), head(log, 3), 100)
    second = ask(new, first, head(log, 7), 101).standing
    put_back = ask(old, second, head(log, 9), 102)
    assert (put_back.line, put_back.standing.state, put_back.standing.size) == (None, REFUSED, 7)
    assert put_back.standing.reason == "rolled_back: it cosigned a head of 7 entries, and holds one of 3 now"
    again = ask(new, put_back.standing, head(log, 9), 103)
    assert (again.standing.state, again.standing.size, again.standing.tries) == (SIGNED, 9, 0)


def test_a_cosignature_with_an_older_time_than_one_seen_is_refused(log: NaiveLog, tmp_path: Path) -> None:
    witness = opened(log, tmp_path)
    standing = ask(witness, Standing(), head(log, 3), 100).standing
    outcome = ask(witness, standing, head(log, 4), 99)
    assert (outcome.line, outcome.standing.size) == (None, 3)
    assert (outcome.standing.reason or "").startswith("old_cosignature")


def test_a_cosignature_with_a_time_far_ahead_is_refused(log: NaiveLog, tmp_path: Path) -> None:
    asked = head(log, 3)
    answer = opened(log, tmp_path).add_checkpoint(asked.body(0), 1_000_000)
    outcome = answered(Standing(), (asked, 0), KEY.public, (answer.status, answer.body), 100)
    assert (outcome.standing.reason or "").startswith("time_ahead")


def test_a_log_that_forked_is_told_so(log: NaiveLog, tmp_path: Path) -> None:
    witness = opened(log, tmp_path)
    standing = ask(witness, Standing(), head(log, 4), 100).standing
    log.leaves.reverse()
    outcome = ask(witness, standing, head(log, 4), 101)
    assert outcome.standing.reason == "forked: it holds another head, of 4 entries"
    assert [report.kind for report in witness.reports] == ["fork"]
    outcome = ask(witness, standing, head(log, 9), 102)
    assert (outcome.standing.reason or "").startswith("status_422")
    assert [report.kind for report in witness.reports] == ["fork", "unproven"]


def test_a_log_that_forked_below_its_newest_head_is_reported_with_the_head_of_that_size(
    log: NaiveLog, tmp_path: Path
) -> None:
    witness = opened(log, tmp_path)
    first = ask(witness, Standing(), head(log, 4), 100).standing
    ask(witness, first, head(log, 9), 101)
    held = log.sign(4)
    log.leaves.reverse()
    again = opened(log, tmp_path)
    assert again.add_checkpoint(head(log, 4).body(0), 102).status == 409
    (report,) = again.reports
    assert (report.kind, report.held, report.given) == ("fork", held, log.sign(4))


def test_a_log_that_shrank_is_told_so(log: NaiveLog, tmp_path: Path) -> None:
    witness = opened(log, tmp_path)
    standing = ask(witness, Standing(), head(log, 9), 100).standing
    outcome = ask(witness, standing, head(log, 4), 101)
    assert outcome.standing.reason == "log_shrank: it holds a head of 9 entries, the log shows one of 4"
    assert witness.add_checkpoint(head(log, 4).body(9), 102).status == 400
    assert [report.kind for report in witness.reports] == ["shrink"]


def test_old_heads_that_anybody_sends_never_keep_a_fork_from_being_reported(
    log: NaiveLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isthmus.audit.witness.REPORTS_MAX", 2)
    witness = opened(log, tmp_path)
    ask(witness, Standing(), head(log, 9), 100)
    for size in (2, 3, 4, 5):
        witness.add_checkpoint(head(log, size).body(9), 101)
    assert (len(witness.reports), witness.left_out) == (2, 2)
    log.leaves.reverse()
    witness.add_checkpoint(head(log, 9).body(9), 102)
    assert [report.kind for report in witness.reports] == ["shrink", "shrink", "fork"]


def test_a_long_list_of_heads_is_put_aside_once_and_still_tells_a_rolled_back_state(
    log: NaiveLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isthmus.audit.witness.HEADS_BYTES_MAX", 100)
    witness, standing = opened(log, tmp_path), Standing()
    for now, size in enumerate((2, 3, 4, 7), 100):
        standing = ask(witness, standing, head(log, size), now).standing
    assert len((tmp_path / "heads").read_bytes().splitlines()) == 1
    assert opened(log, tmp_path).head == witness.head


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((409, "many\n"), "bad_answer: status 409 without a size"),
        ((409, "\u0663\n"), "bad_answer: status 409 without a size"),
        ((200, ""), "bad_cosignature: nothing in its answer is signed by its key"),
        ((200, "\u2014 w.test AAAA\n"), "bad_cosignature: nothing in its answer is signed by its key"),
        ((500, "x" * 999), "status_500: " + "x" * 188),
    ],
)
def test_an_answer_that_is_none_is_refused_by_name(log: NaiveLog, answer: tuple[int, str], reason: str) -> None:
    outcome = answered(Standing(), (head(log, 3), 0), KEY.public, answer, 100)
    assert (outcome.standing.state, outcome.standing.reason) == (REFUSED, reason)


def test_another_witness_s_cosignature_and_one_of_another_head_do_not_count(log: NaiveLog, tmp_path: Path) -> None:
    line = ask(opened(log, tmp_path), Standing(), head(log, 3), 100).line or ""
    other = WitnessKey("w.test", Ed25519PrivateKey.from_private_bytes(b"\x03" * 32))
    for asked, key in ((head(log, 3), other.public), (head(log, 4), KEY.public)):
        assert answered(Standing(), (asked, 0), key, (200, line), 100).standing.state == REFUSED


def test_who_does_not_answer_is_left_alone_twice_as_long_each_time_up_to_a_limit() -> None:
    standing, now, pauses = Standing(), 1_000, []
    for _ in range(8):
        standing = silent(standing, "timed out", now)
        start = now
        while not standing.is_due(now):
            now += 1
        pauses.append(now - start)
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
    assert (standing.state, standing.since) == (SILENT, 1_000)


def test_a_witness_that_signed_is_behind_once_the_log_is_larger() -> None:
    standing = Standing(SIGNED, 4, 100, 100)
    assert (standing.at(4), standing.at(5)) == (SIGNED, BEHIND)
