"""Pages: the terminal's files, the API's documentation, and the one-time login. Nothing is loaded from elsewhere."""

from __future__ import annotations

import hashlib
import html
import mimetypes
from importlib.resources import files
from pathlib import Path

from isthmus.gateways.access import COOKIE
from isthmus.gateways.keys import KeyStore
from isthmus.gateways.limits import Limits
from isthmus.gateways.problems import EDGE_REASONS
from isthmus.gateways.refusals import DETAILS
from isthmus.gateways.rest.http import Answer, Headers, Request
from isthmus.kernel.messages import REASONS

FILES_MAX = 2_000
FILE_BYTES_MAX = 16 << 20
HTML = "text/html; charset=utf-8"
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'"
)
PAGE_HEADERS: Headers = (
    ("content-security-policy", POLICY),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
)
VERIFIER = "/verifier.html"
"""One file with its own, narrower policy within: only its script and style, by their hashes, and no request at all."""
VERIFIER_HEADERS: Headers = (("content-security-policy", "frame-ancestors 'none'"), *PAGE_HEADERS[1:])
FAVICON = "/favicon.ico"
"""Browsers ask for it on pages that name no icon of their own."""
FOREVER: Headers = (("cache-control", "public, max-age=31536000, immutable"),)
ASK_AGAIN: Headers = (("cache-control", "no-cache"),)

NO_TERMINAL = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Isthmus</title>"
    "<p>The broker runs. The terminal is not built: run <code>make build</code>. "
    "The API is described at <a href=/docs>/docs</a>.</p></html>"
)


class StaticFiles:
    """A folder read into memory at the start; what is not in it then is not served."""

    def __init__(self, folder: Path | None) -> None:
        self._files: dict[str, tuple[bytes, str, str]] = {}
        if folder is None:
            return
        found = sorted(path for path in folder.rglob("*") if path.is_file())[:FILES_MAX]
        for path in found:
            if path.stat().st_size <= FILE_BYTES_MAX:
                self._files["/" + path.relative_to(folder).as_posix()] = _loaded(path)
        for name, loaded in list(self._files.items()):
            if name.startswith("/assets/icon") and name.endswith(".svg"):
                self._files.setdefault(FAVICON, loaded)

    @property
    def empty(self) -> bool:
        """Whether there is no page at all."""
        return "/index.html" not in self._files

    def answer(self, path: str, headers: dict[str, str]) -> Answer | None:
        """The file, or nothing. Files named after their content (assets/) may be kept for ever."""
        found = self._files.get("/index.html" if path == "/" else path)
        if found is None:
            return None
        body, kind, tag = found
        caching = FOREVER if path.startswith("/assets/") else ASK_AGAIN
        sent = (*(VERIFIER_HEADERS if path == VERIFIER else PAGE_HEADERS), *caching, ("etag", tag))
        if headers.get("if-none-match") == tag:
            return Answer(304, b"", kind, sent)
        return Answer(200, body, kind, sent)


class Pages:
    """What a browser gets."""

    def __init__(self, terminal: Path | None, openapi: bytes, keys: KeyStore, limits: Limits) -> None:
        self._terminal = StaticFiles(terminal)
        self._keys = keys
        self._limits = limits
        here = files("isthmus.gateways.rest")
        self._docs = {
            "/docs": Answer(200, (here / "docs.html").read_bytes(), HTML, (*PAGE_HEADERS, *ASK_AGAIN)),
            "/docs/docs.js": Answer(200, (here / "docs.js").read_bytes(), "text/javascript", PAGE_HEADERS),
            "/openapi.json": Answer(200, openapi, headers=ASK_AGAIN),
            "/docs/errors": Answer(200, errors_page().encode(), HTML, PAGE_HEADERS),
        }

    def answer(self, request: Request) -> Answer | None:
        """A page for a GET, or nothing."""
        if request.path.startswith("/login/"):
            return self._login(request)
        if (page := self._docs.get(request.path)) is not None:
            return page
        if request.path == "/" and self._terminal.empty:
            return Answer(200, NO_TERMINAL.encode(), HTML, (*PAGE_HEADERS, *ASK_AGAIN))
        return self._terminal.answer(request.path, request.headers)

    def _login(self, request: Request) -> Answer:
        token = request.path.removeprefix("/login/")
        cookie = self._keys.redeem_login(token, self._limits.session_s, self._limits.sessions)
        if cookie is None:
            return Answer(401, LOGIN_USED.encode(), HTML, PAGE_HEADERS)
        age = self._limits.session_s
        kept = f"{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}"
        return Answer(
            200, LOGGED_IN.encode(), HTML, (*PAGE_HEADERS, ("set-cookie", kept), ("cache-control", "no-store"))
        )


LOGIN_USED = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Isthmus</title>"
    "<p>This login link was used before or is too old. A new one: <code>isthmus demo-keys</code>.</p></html>"
)
LOGGED_IN = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Isthmus</title>"
    "<meta http-equiv=refresh content='0; url=/'>"
    "<p>Logged in. <a href=/>Go on to the terminal</a>.</p></html>"
)
"""A page and not a redirect: a Strict cookie would not be sent with the redirect of a link that another site opened."""


def errors_page() -> str:
    """Every reason with what it means; problem documents point here."""
    own = "".join(f"<dt id={name}><code>{name}</code><dd>{html.escape(text)}" for name, text in EDGE_REASONS.items())
    gate = "".join(
        f"<dt id={name}><code>{name}</code><dd>{html.escape(DETAILS[name])}"
        for name in REASONS.values()
        if name not in EDGE_REASONS
    )
    head = "<!doctype html><html lang=en><meta charset=utf-8><title>Isthmus: errors</title>"
    edge = f"<h1>Reasons of problem documents</h1><h2>At the edge</h2><dl>{own}</dl>"
    return f"{head}{edge}<h2>At the gate</h2><dl>{gate}</dl></html>"


def _loaded(path: Path) -> tuple[bytes, str, str]:
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    charset = "; charset=utf-8" if kind.startswith("text/") else ""
    return body, kind + charset, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
