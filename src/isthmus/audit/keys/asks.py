"""What is asked of a holder and what he replies: values, as JSON on the wire (bytes as base64)."""

from __future__ import annotations

import msgspec

from isthmus.audit.keys.growing import SeenHead
from isthmus.audit.keys.policy import Policy, Refused
from isthmus.audit.keys.requests import Request
from isthmus.audit.keys.statement import Said

COORDINATOR = 0
"""Who leads ceremonies, among the numbers of the holders (1 and above)."""
HOLDERS_MAX = 100


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a key is made as; `key` is its name for good."""

    key: str
    suite: str
    use: str
    of: int
    threshold: int
    policy: Policy


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A holder, or the coordinator (0), as all others know him. `certificate` is PEM, `box` his key for packages."""

    number: int
    host: str
    port: int
    certificate: str
    box: bytes


class Roster(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everybody, by number."""

    cards: tuple[Card, ...]

    def card(self, number: int) -> Card | None:
        """None: nobody of that number."""
        return next((card for card in self.cards if card.number == number), None)


class Look(msgspec.Struct, frozen=True, tag="look"):
    """Who is there, and which keys he holds."""


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """Round one of making a key, or of a refresh of it."""

    ceremony: bytes
    terms: Terms
    refresh: bool = False


class Share(msgspec.Struct, frozen=True, tag="share"):
    """Round two: all packages of round one, by holder."""

    ceremony: bytes
    packages: dict[int, bytes]


class Make(msgspec.Struct, frozen=True, tag="make"):
    """Round three: the packages of round two for this holder, by sender."""

    ceremony: bytes
    sealed: dict[int, bytes]


class Keep(msgspec.Struct, frozen=True, tag="keep"):
    """All made it: the new share takes the place of the old, which is destroyed."""

    ceremony: bytes
    public: bytes


class Mend(msgspec.Struct, frozen=True, tag="mend"):
    """Repair, round one: what each repairer tells the others."""

    ceremony: bytes
    key: str
    repairers: tuple[int, ...]
    lost: int


class Gather(msgspec.Struct, frozen=True, tag="gather"):
    """Repair, round two: what this repairer was told, by sender."""

    ceremony: bytes
    sealed: dict[int, bytes]


class Restore(msgspec.Struct, frozen=True, tag="restore"):
    """Repair, round three, for him who lost his share."""

    ceremony: bytes
    terms: Terms
    public: bytes
    epoch: int
    sealed: dict[int, bytes]


class Propose(msgspec.Struct, frozen=True, tag="propose"):
    """Is this signed? The same request is the same however often it is asked. `proof`: of a head, that it extends the
    one that this holder signed last.
    """

    key: str
    request: Request
    proof: tuple[bytes, ...] = ()


class Commit(msgspec.Struct, frozen=True, tag="commit"):
    """Signing, round one. Rounds of a holder only go up."""

    key: str
    request: Request
    round: int
    proof: tuple[bytes, ...] = ()


class Sign(msgspec.Struct, frozen=True, tag="sign"):
    """Signing, round two: everybody's commitments, and what is signed."""

    round: int
    message: bytes
    commitments: dict[int, bytes]


class Approve(msgspec.Struct, frozen=True, tag="approve"):
    """A custodian's, on his own holder only."""

    key: str
    request: str
    code: str


class Alarms(msgspec.Struct, frozen=True, tag="alarms"):
    """A custodian asks his own holder who gave the code of duress; `clear` ends what that holds up here."""

    code: str
    clear: bool = False


class Enter(msgspec.Struct, frozen=True, tag="enter"):
    """A custodian lets his own holder know another roster."""

    code: str
    roster: Roster


class Alarm(msgspec.Struct, frozen=True, tag="alarm"):
    """From holder to holder, seen by nobody else."""

    key: str
    request: str
    at: int


Ask = (
    Look
    | Begin
    | Share
    | Make
    | Keep
    | Mend
    | Gather
    | Restore
    | Propose
    | Commit
    | Sign
    | Approve
    | Alarms
    | Enter
    | Alarm
)


class Held(msgspec.Struct, frozen=True):
    """A key as its holder shows it."""

    terms: Terms
    public: bytes
    epoch: int


class Waiting(msgspec.Struct, frozen=True):
    """A request that waits for its custodian's code."""

    id: str
    key: str
    request: Request


class Here(msgspec.Struct, frozen=True, tag="here"):
    """Reply to Look. `heads`: those that he signed last, by key and origin."""

    holder: int
    keys: tuple[Held, ...]
    waiting: tuple[Waiting, ...]
    heads: dict[str, dict[str, SeenHead]] = {}


class Package(msgspec.Struct, frozen=True, tag="package"):
    """To all, or a signature's commitments or share. `said`: signed by its sender, as of the next two."""

    package: bytes
    said: Said | None = None


class Packages(msgspec.Struct, frozen=True, tag="packages"):
    """To one holder each."""

    sealed: dict[int, bytes]
    said: Said | None = None


class Judged(msgspec.Struct, frozen=True, tag="judged"):
    """`state`: "waiting" for the custodian's code, or "approved"."""

    id: str
    state: str
    said: Said | None = None


class Told(msgspec.Struct, frozen=True, tag="told"):
    """Alarms as rows: by whom, of which key and request, when (ns UTC)."""

    alarms: tuple[tuple[int, str, str, int], ...]


class Silent(msgspec.Struct, frozen=True, tag="silent"):
    """No reply came."""

    reason: str


Reply = Refused | Here | Package | Packages | Judged | Told | Silent
