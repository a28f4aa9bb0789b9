"""Handlers of who is asking: the session, and its end."""

from __future__ import annotations

from isthmus.gateways import shapes
from isthmus.gateways.access import COOKIE, cookie_of
from isthmus.gateways.keys import KeyStore
from isthmus.gateways.limits import Limits
from isthmus.gateways.reads import Reads
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import body_as
from isthmus.gateways.rest.http import Answer, Request
from isthmus.kernel.ids import account_id


class SessionHandlers:
    """Reads the identity of the request; ends browser sessions."""

    def __init__(self, reads: Reads, keys: KeyStore, limits: Limits) -> None:
        self._reads = reads
        self._keys = keys
        self._link_s = limits.login_link_s

    async def session(self, request: Request) -> Answer:
        """Who is asking."""
        identity = request.known
        own = [identity.account] if identity.account is not None else []
        numbers = [account.number for account in self._reads.directory.clients()] if identity.sees_all else own
        return ok(
            shapes.Session(
                user=identity.name,
                role=identity.role,
                account=account_id(identity.account) if identity.account is not None else None,
                accounts=[account_id(number) for number in numbers],
            )
        )

    async def log_in(self, request: Request) -> Answer:
        """A link for who holds the key: his browser gets a session of his own."""
        body_as(request.body, shapes.Nothing)
        token = self._keys.create_login(request.known.user, self._link_s)
        return ok(shapes.LoginLink(f"/login/{token}", self._link_s))

    async def log_out(self, request: Request) -> Answer:
        """The browser's session ends; a key has none and stays."""
        if request.known.browser and (cookie := cookie_of(request.headers)) is not None:
            self._keys.end_session(cookie)
        gone = f"{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
        return Answer(200, b"{}", headers=(("set-cookie", gone),))
