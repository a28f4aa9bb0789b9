"""Two heads that contradict each other prove it to anybody, and nothing that an honest log signed ever does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.audit.naive_log import NaiveLog, consistency, root

from isthmus.audit.proof_file import Refused
from isthmus.audit.split_view import FORMAT, Given, SplitView, check, decode, split_view
from isthmus.audit.witness import log_key

SIZES = st.integers(1, 40)


def forked(common: int, size: int = 40) -> tuple[NaiveLog, NaiveLog]:
    """Two histories under one key that share the first entries."""
    logs = NaiveLog("example.test/journal"), NaiveLog("example.test/journal")
    for word, log in zip((b"a", b"b"), logs, strict=True):
        log.append(*(bytes([at]) + (b"" if at < common else word) for at in range(size)))
    return logs


def of(log: NaiveLog, old: int, new: int) -> Given:
    """What an honest reader finds in the log's files."""
    return Given(root(log.leaves[:old]), consistency(old, log.leaves[:new]))


def made(one: tuple[NaiveLog, int], other: tuple[NaiveLog, int]) -> SplitView | None:
    """Of a head each; the files that are asked are those of the larger one's history."""
    notes = one[0].sign(one[1]), other[0].sign(other[1])
    (_, old), (log, new) = sorted((one, other), key=lambda head: head[1])
    return split_view(log_key(log.vkey), notes, of(log, old, new) if old < new else None)


@given(st.integers(0, 39), SIZES, SIZES)
def test_heads_of_two_histories_contradict_each_other_where_they_cover_what_differs(
    common: int, size: int, other: int
) -> None:
    one, two = forked(common)
    view = made((one, size), (two, other))
    assert (view is not None) == (min(size, other) > common)
    if view is not None:
        split = check(view, log_key(one.vkey))
        assert (split.smaller.size, split.larger.size) == tuple(sorted((size, other)))
        assert split.root != split.smaller.root


@given(SIZES, SIZES)
def test_heads_of_one_history_never_do(size: int, other: int) -> None:
    one, _ = forked(40)
    assert made((one, size), (one, other)) is None


@given(st.integers(0, 29), st.integers(30, 35), st.integers(36, 40), st.data())
def test_no_changed_hash_of_the_proof_is_believed(common: int, old: int, new: int, data: st.DataObject) -> None:
    one, two = forked(common)
    view = made((one, old), (two, new))
    assert view is not None
    at = data.draw(st.integers(0, len(view.proof)))
    hashes = [view.root, *view.proof]
    hashes[at] = f"{int(hashes[at], 16) ^ 1 << data.draw(st.integers(0, 255)):064x}"
    with pytest.raises(Refused):
        check(replace(view, root=hashes[0], proof=hashes[1:]))


def test_an_honest_log_is_not_accused_by_a_root_that_somebody_made_up() -> None:
    log, _ = forked(40)
    notes = log.sign(16), log.sign(33)
    honest = of(log, 16, 33)
    for lie in (bytes(32), root(log.leaves[:15])):
        assert split_view(log_key(log.vkey), notes, Given(lie, honest.proof)) is None
        assert split_view(log_key(log.vkey), notes, Given(lie, [lie, *honest.proof])) is None


def test_what_the_log_did_not_sign_is_no_evidence() -> None:
    one, two = forked(5)
    view = made((one, 9), (two, 9))
    assert view is not None
    stranger = NaiveLog(one.origin, seed=9)
    with pytest.raises(Refused, match="bad_key"):
        check(view, log_key(stranger.vkey))
    with pytest.raises(Refused, match="not_signed"):
        check(replace(view, log_vkey=stranger.vkey))
    with pytest.raises(Refused, match="wrong_log"):
        check(replace(view, log_vkey=NaiveLog("example.test/orders").vkey))
    signed = replace(view, larger=view.larger.replace("example.test/journal", "example.test/orders"))
    with pytest.raises(Refused, match="wrong_log"):
        check(signed, log_key(one.vkey))
    flipped = view.larger[:-8] + ("A" if view.larger[-8] != "A" else "B") + view.larger[-7:]
    with pytest.raises(Refused, match=r"bad_signature|malformed_note|not_signed"):
        check(replace(view, larger=flipped), log_key(one.vkey))


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"", "malformed"),
        (b"{}", "malformed"),
        (b'{"format":"x","log_vkey":"","smaller":"","larger":""}', "malformed"),
        (b'{"format":"%s","log_vkey":"","smaller":"","larger":""}' % FORMAT.encode(), "bad_key"),
        (b'{"format":"x","log_vkey":"","smaller":"","larger":"","more":1}', "malformed"),
    ],
)
def test_bytes_that_are_no_evidence_are_refused_by_name(raw: bytes, name: str) -> None:
    with pytest.raises(Refused) as refused:
        check(decode(raw))
    assert refused.value.name == name


def test_what_nobody_needs_stands_in_no_evidence() -> None:
    one, two = forked(5)
    view = made((one, 9), (two, 9))
    assert view is not None
    more = "\u2014 w.test " + "A" * 70_000 + "\n"
    for swollen in (
        replace(view, proof=["00" * 32]),
        replace(view, root="00" * 32),
        replace(view, larger=view.larger + more),
        replace(view, log_vkey=view.log_vkey + "A" * 70_000),
    ):
        with pytest.raises(Refused, match=r"malformed|bad_key"):
            check(swollen, log_key(one.vkey))


def test_one_contradiction_has_one_file_whoever_finds_it() -> None:
    one, two = forked(5)
    notes = one.sign(9), two.sign(9)
    key = log_key(one.vkey)
    views = [split_view(key, notes), split_view(key, (notes[1], notes[0]))]
    assert len({view.name for view in views if view is not None}) == 1
