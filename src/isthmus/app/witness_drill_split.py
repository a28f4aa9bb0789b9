"""The act of the drill in which a log shows one history to some witnesses and another to the rest.

None of them sees both, and each cosigns what it is shown. Then they hear of each other, and every honest one must end
with evidence that anybody can check. The log's files are of the second history, as a log would have them that keeps
up what it shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.venue_http import HttpClient, Lost, NotSent
from isthmus.app.witness_drill_logs import COMMON, history, signed_head
from isthmus.app.witness_host import SplitViews
from isthmus.audit.proof_file import Refused
from isthmus.audit.quorum import cosigned_at
from isthmus.audit.split_view import Split, check, head_of
from isthmus.audit.standing import Asked
from isthmus.engine.proofs import ED25519, Note, Signer, VerifierKey

ORIGIN = "isthmus.local/drill/split"
LOG = "split"
BOTH, SIZES = 64, {"A": 160, "B": 192}
PEERS = 4
"""So many others each witness asks: the next ones in a ring."""
EVERY_S, LOOK_S, FOUND_S = 0.4, 0.1, 15.0
"""Between two rounds of a witness, two looks of the drill, and until it gives up."""


class Seat(msgspec.Struct, frozen=True):
    """A witness of the act."""

    name: str
    role: str
    is_honest: bool
    url: str
    http: HttpClient
    key: VerifierKey


class SplitLog:
    """A log with two histories. `folder`: its files (`logs`), and a file of peers for each witness (`peers`)."""

    def __init__(self, folder: Path) -> None:
        self.logs, self._peers = folder / "logs", folder / "peers"
        self._peers.mkdir(parents=True)
        self.signer = Signer.generate(ORIGIN, ED25519)
        size = max(SIZES.values())
        self._histories = {
            "A": history(folder / "a", self.signer, size),
            "B": history(self.logs / LOG, self.signer, size, COMMON),
        }

    def peers(self, name: str) -> Path:
        """The file that the witness is started with: nobody is in it before the act."""
        return self._peers / name

    async def act(self, seats: Sequence[Seat], needed: int) -> dict[str, Any]:
        """Who was shown what, who has the evidence, and whether that is every honest one."""
        begun = time.monotonic()
        heads = {view: signed_head(self._histories[view], self.signer, size) for view, size in SIZES.items()}
        shown = {seat.name: "AB"[at % 2] for at, seat in enumerate(seats)}
        await self._ask_all(seats, dict.fromkeys(shown, signed_head(self._histories["A"], self.signer, BOTH)), 0)
        cosigned = await self._ask_all(seats, {name: heads[view] for name, view in shown.items()}, BOTH)
        self._introduce(seats)
        found = await self._found([seat for seat in seats if seat.is_honest])
        rows = [self._row(seat, shown[seat.name], seat.name in cosigned, found.get(seat.name)) for seat in seats]
        told = [self._told(view, head, rows, needed) for view, head in heads.items()]
        honest = [row for row, seat in zip(rows, seats, strict=True) if seat.is_honest]
        return {
            "ok": bool(honest) and all(row["evidence"] and row["cosigned"] for row in honest),
            "heads": told,
            "with_evidence": sum(row["evidence"] for row in honest),
            "honest": len(honest),
            "seconds": round(time.monotonic() - begun, 2),
            "witnesses": rows,
        }

    async def _ask_all(self, seats: Sequence[Seat], heads: dict[str, Asked], old: int) -> set[str]:
        """Who cosigned."""
        answers = await asyncio.gather(*(_cosigned(seat, heads[seat.name], old) for seat in seats))
        return {seat.name for seat, is_cosigned in zip(seats, answers, strict=True) if is_cosigned}

    def _introduce(self, seats: Sequence[Seat]) -> None:
        for at, seat in enumerate(seats):
            others = [seats[(at + step) % len(seats)].url for step in range(1, min(PEERS + 1, len(seats)))]
            fresh = self._peers / f"{seat.name}.new"
            fresh.write_text("".join(f"{url}\n" for url in others))
            fresh.rename(self.peers(seat.name))

    async def _found(self, honest: Sequence[Seat]) -> dict[str, Split]:
        found: dict[str, Split] = {}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FOUND_S):
                while len(found) < len(honest):
                    await asyncio.sleep(LOOK_S)
                    for seat in honest:
                        if seat.name not in found and (split := await self._evidence(seat)) is not None:
                            found[seat.name] = split
        return found

    async def _evidence(self, seat: Seat) -> Split | None:
        """What the witness shows, checked as anybody would."""
        with contextlib.suppress(NotSent, Lost, msgspec.DecodeError):
            answer = await seat.http.request("GET", "/split-views", {})
            for view in msgspec.json.decode(answer.body, type=SplitViews).split_views:
                with contextlib.suppress(Refused):
                    return check(view, VerifierKey.parse(self.signer.vkey))
        return None

    def _row(self, seat: Seat, view: str, is_cosigned: bool, split: Split | None) -> dict[str, Any]:
        return {
            "witness": seat.name,
            "role": seat.role,
            "shown": view,
            "cosigned": is_cosigned,
            "evidence": split is not None,
            "sizes": [split.smaller.size, split.larger.size] if split is not None else [],
        }

    def _told(self, view: str, head: Asked, rows: list[dict[str, Any]], needed: int) -> dict[str, Any]:
        shown = [row for row in rows if row["shown"] == view]
        count = sum(row["cosigned"] for row in shown)
        root = head_of(head.note).root.hex()
        return {
            "view": view,
            "size": head.size,
            "root": root,
            "shown_to": len(shown),
            "cosigned": count,
            "quorum": count >= needed,
        }


async def _cosigned(seat: Seat, head: Asked, old: int) -> bool:
    try:
        answer = await seat.http.request("POST", "/add-checkpoint", {}, head.body(old))
    except (NotSent, Lost):
        return False
    text = Note.parse(head.note.encode()).text
    lines = answer.body.decode("utf-8", "replace").splitlines()
    return answer.status == 200 and any(cosigned_at(text, line, seat.key) is not None for line in lines)
