"""Who is asking, and how often: secrets, signatures, cookies, and a token bucket for each."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import OrderedDict, deque
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from isthmus.gateways.keys import Identity, Key, KeyStore
from isthmus.gateways.limits import Limits
from isthmus.gateways.problems import Refusal
from isthmus.kernel.clock import Clock
from isthmus.kernel.values import NS_PER_S

COOKIE = "isthmus_session"
BUCKETS_MAX = 16_384
"""Token buckets kept; the one unused for longest goes first, which only gives its owner a full one again."""
NS_PER_MS = 1_000_000
ROWS_A_TOKEN = 50
"""A page of many rows counts as several requests: its work does."""


class Asked(msgspec.Struct, frozen=True):
    """What a request says about itself; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    address: str


class Rate(msgspec.Struct, frozen=True):
    """The state of a bucket, for the headers of an answer."""

    limit: int
    remaining: int
    reset_s: int


class Buckets:
    """Token buckets by name: `burst` at once, `per_s` refilled evenly."""

    def __init__(self, per_s: int, burst: int, clock: Clock) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, name: str, tokens: int = 1) -> Rate:
        """So many tokens (at most a full bucket). Raises Refusal 429 when they are not there."""
        tokens = min(tokens, self._burst)
        now = self._clock()
        level, at = self._levels.pop(name, (float(self._burst), now))
        level = min(float(self._burst), level + (now - at) * self._per_s / NS_PER_S)
        refused = level < tokens
        self._levels[name] = (level if refused else level - tokens, now)
        if len(self._levels) > BUCKETS_MAX:
            self._levels.popitem(last=False)
        if refused:
            raise Refusal(
                429,
                "rate_limited",
                f"more than {self._per_s} requests (or {ROWS_A_TOKEN} rows each) a second: wait a second",
                limit=str(self._per_s),
                headers=(("retry-after", "1"), *rate_headers(Rate(self._burst, 0, 1))),
            )
        left = level - tokens
        return Rate(self._burst, int(left), int((self._burst - left) / self._per_s) + 1)


def rate_headers(rate: Rate) -> tuple[tuple[str, str], ...]:
    """X-RateLimit-Limit, -Remaining and -Reset (seconds until the bucket is full)."""
    return (
        ("x-ratelimit-limit", str(rate.limit)),
        ("x-ratelimit-remaining", str(rate.remaining)),
        ("x-ratelimit-reset", str(rate.reset_s)),
    )


class SignaturesSeen:
    """Remembers the signatures of the window, so that each counts once."""

    def __init__(self, window_ns: int, most: int) -> None:
        self._window_ns = window_ns
        self._most = most
        self._seen: set[bytes] = set()
        self._order: deque[tuple[int, bytes]] = deque()

    def once(self, signature: bytes, signed_at: int, now: int) -> None:
        """Raises Refusal for the second time; refuses everything while the memory is full."""
        while self._order and self._order[0][0] < now:
            self._seen.discard(self._order.popleft()[1])
        if signature in self._seen:
            raise Refusal(401, "signature_replayed", "this signature was used before")
        if len(self._seen) >= self._most:
            raise Refusal(503, "busy", "too many signed requests within the window", limit=str(self._most))
        self._seen.add(signature)
        self._order.append((max(now, signed_at) + self._window_ns, signature))


class Access:
    """Tells who is asking. Refuses with 401 without saying which part was wrong."""

    def __init__(self, keys: KeyStore, limits: Limits, clock: Clock) -> None:
        self.keys = keys
        self._clock = clock
        self._window_ns = limits.signature_window_ms * NS_PER_MS
        self._seen = SignaturesSeen(self._window_ns, limits.signatures_remembered)
        self._buckets = Buckets(limits.rate_per_s, limits.rate_burst, clock)

    def identify(self, asked: Asked, tokens: int = 1) -> tuple[Identity, Rate]:
        """By secret, signature or cookie, in this order; charged so many tokens. Raises Refusal 401, 403 or 429."""
        try:
            identity = self._identify(asked)
        except Refusal:
            self._buckets.take(f"refused {asked.address}")  # apart from `stranger`: guessing must not stop /health
            raise
        return identity, self.charge(identity, tokens)

    def charge(self, identity: Identity, tokens: int = 1) -> Rate:
        """A request of this key or browser session. Raises Refusal 429."""
        return self._buckets.take(f"{'browser' if identity.browser else 'key'} {identity.session}", tokens)

    def stranger(self, address: str, tokens: int = 1) -> Rate:
        """The rate of somebody who need not say who he is."""
        return self._buckets.take(f"address {address}", tokens)

    def by_secret(self, key_id: str, secret: str) -> Identity:
        """Raises Refusal 401."""
        key = self.keys.key(key_id)
        if key is None or not key.opens(secret):
            raise unauthenticated("the key or its secret is wrong")
        return key.identity

    def _identify(self, asked: Asked) -> Identity:
        headers = asked.headers
        if (key_id := headers.get("isthmus-key")) is not None and "isthmus-signature" in headers:
            return self._by_signature(key_id, asked)
        key_id = key_id or headers.get("apca-api-key-id")
        secret = headers.get("isthmus-secret") or headers.get("apca-api-secret-key")
        if key_id is not None and secret is not None:
            return self.by_secret(key_id, secret)
        cookie = cookie_of(headers)
        identity = self.keys.session(cookie) if cookie else None
        if identity is None:
            raise unauthenticated("no key and no session: send Isthmus-Key and Isthmus-Secret, or log in")
        if asked.method not in ("GET", "HEAD"):
            require_same_origin(headers)
        return identity

    def _by_signature(self, key_id: str, asked: Asked) -> Identity:
        key = self.keys.key(key_id)
        timestamp = asked.headers.get("isthmus-timestamp", "")
        signature = _base64(asked.headers["isthmus-signature"])
        if key is None or key.public_key is None or not (timestamp.isascii() and timestamp.isdigit()):
            raise unauthenticated("the key, its timestamp or its signature is wrong")
        signed_at, now = int(timestamp[:20]), self._clock()
        _check_signature(key, signature, timestamp, asked)
        if abs(now - signed_at) > self._window_ns:
            raise Refusal(
                401,
                "signature_stale",
                f"signed at {signed_at}, the server's time is {now}",
                field="Isthmus-Timestamp",
                value=timestamp,
                limit=f"{self._window_ns // NS_PER_MS} ms",
            )
        self._seen.once(hashlib.sha256(signature).digest(), signed_at, now)
        return key.identity


def unauthenticated(detail: str) -> Refusal:
    """401."""
    return Refusal(401, "unauthenticated", detail, headers=(("www-authenticate", "Isthmus"),))


def signed_text(timestamp: str, method: str, target: str, body: bytes) -> bytes:
    """What a signature is made over."""
    return f"{timestamp}\n{method}\n{target}\n{hashlib.sha256(body).hexdigest()}".encode()


def cookie_of(headers: Mapping[str, str]) -> str | None:
    """The session cookie's value."""
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return None


def require_same_origin(headers: Mapping[str, str]) -> None:
    """Raises Refusal 403 unless Origin names the host that was asked."""
    origin = headers.get("origin", "")
    if not origin or urlsplit(origin).netloc != headers.get("host"):
        raise Refusal(403, "wrong_origin", "Origin must be this site", field="Origin", value=origin)


def _check_signature(key: Key, signature: bytes, timestamp: str, asked: Asked) -> None:
    assert key.public_key is not None
    text = signed_text(timestamp, asked.method, asked.target, asked.body)
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, text)
    except InvalidSignature:
        raise unauthenticated("the key, its timestamp or its signature is wrong") from None


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise unauthenticated("the signature is not base64") from None
