"""Keys, sessions, signatures and token buckets, with a clock and random bytes handed in."""

from __future__ import annotations

import os
import stat
from itertools import count
from pathlib import Path

import pytest

from isthmus.app.settings import read_defaults
from isthmus.gateways.access import Access, Asked, Buckets, SignaturesSeen, require_same_origin
from isthmus.gateways.keys import KeyStore
from isthmus.gateways.limits import Limits
from isthmus.gateways.problems import Refusal
from isthmus.kernel.config import shaped

SECOND = 10**9


class Clock:
    def __init__(self) -> None:
        self.now = 1_000 * SECOND

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path, clock: Clock) -> KeyStore:
    numbers = count(1)
    return KeyStore(tmp_path / "keys.sqlite", clock, lambda size: next(numbers).to_bytes(size, "big"))


def test_the_file_is_its_owners_and_holds_no_secret(tmp_path: Path, keys: KeyStore) -> None:
    key_id, secret = keys.create_key(keys.user("anna", "client", 16))
    assert secret is not None
    path = tmp_path / "keys.sqlite"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secret.encode() not in path.read_bytes()
    key = keys.key(key_id)
    assert key is not None
    assert key.opens(secret)
    assert not key.opens(secret + "x")
    assert (key.identity.name, key.identity.role, key.identity.account) == ("anna", "client", 16)


def test_a_changed_role_counts_at_once(keys: KeyStore) -> None:
    key_id, _ = keys.create_key(keys.user("anna", "operator", None))
    assert keys.key(key_id) is not None
    keys.user("anna", "client", 16)
    key = keys.key(key_id)
    assert key is not None
    assert key.identity.role == "client"


def test_a_login_link_counts_once_and_not_for_ever(keys: KeyStore, clock: Clock) -> None:
    user = keys.user("anna", "client", 16)
    token, late = keys.create_login(user, 60), keys.create_login(user, 60)
    cookie = keys.redeem_login(token, life_s=100, sessions_max=10)
    assert cookie is not None
    assert keys.redeem_login(token, life_s=100, sessions_max=10) is None
    assert keys.session(cookie) is not None
    clock.now += 61 * SECOND
    assert keys.redeem_login(late, life_s=100, sessions_max=10) is None
    clock.now += 40 * SECOND
    assert keys.session(cookie) is None


def test_the_oldest_session_goes_at_the_limit(keys: KeyStore) -> None:
    user = keys.user("anna", "client", 16)
    cookies = [keys.redeem_login(keys.create_login(user, 60), 100, sessions_max=2) for _ in range(3)]
    assert [keys.session(cookie or "") is not None for cookie in cookies] == [False, True, True]


def test_another_process_can_make_a_login_link(tmp_path: Path, keys: KeyStore, clock: Clock) -> None:
    user = keys.user("anna", "client", 16)
    other = KeyStore(tmp_path / "keys.sqlite", clock, os.urandom)
    token = other.create_login(user, 60)
    other.close()
    assert keys.redeem_login(token, 100, 10) is not None


def test_a_bucket_gives_its_burst_then_its_rate(clock: Clock) -> None:
    buckets = Buckets(per_s=2, burst=3, clock=clock)
    assert [buckets.take("a").remaining for _ in range(3)] == [2, 1, 0]
    with pytest.raises(Refusal) as refused:
        buckets.take("a")
    assert (refused.value.status, refused.value.reason) == (429, "rate_limited")
    assert buckets.take("b").remaining == 2
    clock.now += SECOND // 2
    assert buckets.take("a").remaining == 0


def test_a_signature_counts_once_and_the_memory_is_bounded() -> None:
    seen = SignaturesSeen(window_ns=5 * SECOND, most=2)
    seen.once(b"one", 0, 0)
    with pytest.raises(Refusal, match="used before"):
        seen.once(b"one", 0, 1)
    seen.once(b"two", 0, 1)
    with pytest.raises(Refusal) as full:
        seen.once(b"three", 0, 2)
    assert full.value.status == 503
    seen.once(b"three", 6 * SECOND, 6 * SECOND)


@pytest.mark.parametrize("origin", ["", "null", "http://evil.example", "http://127.0.0.1:1"])
def test_another_origin_is_refused(origin: str) -> None:
    with pytest.raises(Refusal, match="Origin"):
        require_same_origin({"host": "127.0.0.1:8080", "origin": origin})
    require_same_origin({"host": "127.0.0.1:8080", "origin": "http://127.0.0.1:8080"})


def test_a_request_for_many_rows_takes_more_tokens_but_never_more_than_a_full_bucket(clock: Clock) -> None:
    buckets = Buckets(per_s=1, burst=10, clock=clock)
    assert buckets.take("a", 6).remaining == 4
    with pytest.raises(Refusal):
        buckets.take("a", 5)
    assert buckets.take("b", 1_000).remaining == 0


def test_guessing_keys_stops_the_guesser_and_no_public_page(keys: KeyStore, clock: Clock) -> None:
    limits = shaped(read_defaults()["limits"], Limits)
    access = Access(keys, limits, clock)
    guess = Asked("GET", "/v1/session", {"isthmus-key": "x", "isthmus-secret": "y"}, b"", "198.51.100.7")
    for _ in range(limits.rate_burst):
        with pytest.raises(Refusal, match="wrong"):
            access.identify(guess)
    with pytest.raises(Refusal) as refused:
        access.identify(guess)
    assert refused.value.status == 429
    assert access.stranger("198.51.100.7").remaining == limits.rate_burst - 1
