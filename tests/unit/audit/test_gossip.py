"""Witnesses compare what they were shown: a split view is found though no witness saw both sides."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.audit.naive_log import NaiveLog
from tests.unit.audit.test_split_view import forked, of

from isthmus.audit.gossip import Gossip, Question
from isthmus.audit.log_tiles import consistency_tiles, whole
from isthmus.audit.proof_file import Refused
from isthmus.audit.split_view import Given, check
from isthmus.audit.standing import Asked
from isthmus.audit.witness import Witness, log_key
from isthmus.engine.proofs import ED25519, Log, LogReader, LogRefused, Signer
from isthmus.kernel.errors import Damaged

SECRET = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)


class One:
    """A witness of a log, and its ears."""

    def __init__(self, folder: Path, log: NaiveLog) -> None:
        self.folder, self.log = folder, log
        self.witness = Witness("w.test", SECRET, log_key(log.vkey), folder)
        self.gossip = Gossip(self.witness, log_key(log.vkey))

    def cosign(self, size: int) -> str:
        """A head of the history that it is shown."""
        old, note = self.witness.head.size, self.log.sign(size)
        asked = Asked(note, size, lambda held: self.log.consistency(held, size))
        assert self.witness.add_checkpoint(asked.body(old), 7).status == 200
        return note

    @property
    def kinds(self) -> list[str]:
        return [report.kind for report in self.witness.reports]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[One, One]:
    """Two witnesses to whom one log shows two histories with five entries in common."""
    one, two = (One(tmp_path / name, log) for name, log in zip("ab", forked(5), strict=True))
    one.cosign(4)
    two.cosign(4)
    return one, two


def heard(one: One, note: str) -> Question:
    question = one.gossip.hear(note, 8)
    assert question is not None
    return question


def test_another_root_of_a_size_that_was_cosigned_is_evidence_at_once(pair: tuple[One, One]) -> None:
    one, two = pair
    one.cosign(9)
    told = two.cosign(9)
    assert one.gossip.hear(told, 8) is None
    (view,) = one.witness.views
    assert check(view, log_key(one.log.vkey)).smaller.size == 9
    assert one.kinds == ["fork"]
    assert (one.folder / "split-views" / view.name).exists()
    again = Witness("w.test", SECRET, log_key(one.log.vkey), one.folder)
    assert again.views == [view]


def test_an_older_head_of_a_peer_is_compared_with_the_one_of_its_size(pair: tuple[One, One]) -> None:
    one, two = pair
    told = two.cosign(9)
    for size in (9, 12):
        one.cosign(size)
    assert one.gossip.hear(told, 8) is None
    assert one.kinds == ["fork"]


def test_of_other_sizes_the_log_convicts_itself_by_the_proof_that_it_gives(pair: tuple[One, One]) -> None:
    one, two = pair
    one.cosign(9)
    told = two.cosign(14)
    question = heard(one, told)
    assert (question.old.size, question.new.size) == (9, 14)
    assert one.gossip.judge(question, of(two.log, 9, 14), 9) == "fork"
    assert [check(view).larger.size for view in one.witness.views] == [14]
    assert one.gossip.hear(two.cosign(15), 9) is None, "one is enough"


def test_a_log_that_gives_no_proof_is_reported_once_until_it_gives_one(pair: tuple[One, One]) -> None:
    one, two = pair
    one.cosign(9)
    question = heard(one, two.cosign(14))
    assert one.gossip.judge(question, None, 9) == "withheld"
    assert one.gossip.judge(heard(one, two.cosign(15)), of(one.log, 9, 15), 9) == "withheld", "it leads elsewhere"
    assert one.kinds == ["withheld"]
    assert one.witness.views == []
    friend = One(one.folder.parent / "c", one.log)
    assert one.gossip.judge(heard(one, friend.cosign(20)), of(one.log, 9, 20), 9) is None
    assert one.gossip.judge(heard(one, two.cosign(16)), None, 9) == "withheld"
    assert one.kinds == ["withheld", "withheld"]


def test_a_peer_that_is_ahead_or_behind_on_the_same_history_is_no_fork_and_asked_about_once(tmp_path: Path) -> None:
    log, _ = forked(40)
    one, two = One(tmp_path / "a", log), One(tmp_path / "b", log)
    one.cosign(9)
    for size, pair in ((14, (9, 14)), (20, (9, 20))):
        told = two.cosign(size)
        assert one.gossip.judge(heard(one, told), of(log, *pair), 9) is None
        assert one.gossip.hear(told, 9) is None
    question = heard(two, one.cosign(10))
    assert (question.old.size, question.new.size) == (10, 20)
    assert two.gossip.judge(question, of(log, 10, 20), 9) is None
    assert one.witness.reports == two.witness.reports == []


def test_evidence_spreads_to_a_witness_that_saw_one_side_and_meets_nobody_of_the_other(pair: tuple[One, One]) -> None:
    one, two = pair
    one.cosign(9)
    one.gossip.hear(two.cosign(9), 8)
    far = One(one.folder.parent / "far", one.log)
    far.cosign(9)
    assert far.gossip.take(one.witness.views[0], 9)
    assert not far.gossip.take(one.witness.views[0], 9)
    assert (far.witness.views, far.kinds) == (one.witness.views, ["fork"])


def test_what_a_peer_makes_up_accuses_nobody(pair: tuple[One, One]) -> None:
    one, _ = pair
    stranger = NaiveLog(one.log.origin, seed=9)
    stranger.append(*(bytes([at]) for at in range(9)))
    with pytest.raises(LogRefused):
        one.gossip.hear(stranger.sign(4), 8)
    with pytest.raises(LogRefused):
        one.gossip.hear(NaiveLog("example.test/orders").sign(), 8)
    with pytest.raises(LogRefused):
        one.gossip.hear("x", 8)
    forger = One(one.folder.parent / "f", stranger)
    forger.cosign(3)
    forger.gossip.hear(stranger.sign(leaves=stranger.leaves[1:4]), 8)
    (view,) = forger.witness.views
    assert not one.gossip.take(view, 8)
    assert one.witness.reports == []


def test_a_witness_that_cosigned_nothing_yet_has_nothing_to_compare(tmp_path: Path) -> None:
    one, two = forked(5)
    fresh = One(tmp_path / "a", one)
    assert fresh.gossip.hear(two.sign(9), 8) is None


def test_a_file_of_evidence_that_was_changed_is_damage(pair: tuple[One, One]) -> None:
    one, two = pair
    one.cosign(9)
    one.gossip.hear(two.cosign(9), 8)
    path = one.folder / "split-views" / one.witness.views[0].name
    path.write_bytes(path.read_bytes().replace(b"split-view/1", b"split-view/2"))
    with pytest.raises(Damaged, match="split-view/2"):
        Witness("w.test", SECRET, log_key(one.log.vkey), one.folder)
    with pytest.raises(Refused):
        check(one.witness.views[0], log_key(NaiveLog("other.test").vkey))


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A log of 66,000 entries in files, and a folder for some of them."""
    folder, some = (tmp_path_factory.mktemp(name) for name in ("log", "some"))
    signer = Signer.generate("example.test/journal", ED25519)
    log = Log(str(folder), signer.name, signer.vkey)
    log.append([at.to_bytes(4, "big") for at in range(66_000)])
    log.checkpoint(signer, 7)
    return folder, some


@given(st.integers(1, 66_000), st.integers(1, 66_000))
def test_a_proof_is_made_of_the_files_that_are_named_and_no_others(
    stored: tuple[Path, Path], one: int, other: int
) -> None:
    folder, some = stored
    old, new = sorted((one, other))
    paths = [some / path for path in (*consistency_tiles(old, new, 66_000), "checkpoint")]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((folder / path.relative_to(some)).read_bytes())
    all_files, few = LogReader(folder), LogReader(some)
    assert few.consistency(old, new) == all_files.consistency(old, new)
    assert Given(few.root_at(old), []) == Given(all_files.root_at(old), [])
    assert few.root_at(new) == all_files.root_at(new)
    assert len(paths) <= 11
    for path in paths:
        path.unlink()


def test_a_partial_file_has_its_whole_one_beside_it() -> None:
    assert whole("tile/0/x001/234.p/5") == "tile/0/x001/234"
    assert whole("tile/0/000") == "tile/0/000"
