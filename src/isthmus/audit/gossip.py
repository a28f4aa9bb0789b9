"""What witnesses of one log tell each other: heads that contradict each other are found though no witness saw both.

Pure: whoever asks the peers and the log hands in what came, and the time. A peer is believed nothing: its head must be
signed by the log, and what it says against the log must prove itself.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from isthmus.audit.proof_file import Refused
from isthmus.audit.split_view import Given, SplitView, head_of, signed_head
from isthmus.audit.witness import Witness
from isthmus.engine.proofs import Checkpoint, VerifierKey, consistency_fault

AGREED_MAX = 256
"""Heads of others that are remembered as proven, so that the log is asked once for each."""


class Question(msgspec.Struct, frozen=True):
    """Does the head of `new` extend the one of `old`? `held` is the witness's note, `told` the peer's."""

    old: Checkpoint
    new: Checkpoint
    held: str
    told: str


class Gossip:
    """Of one log: what its witness cosigned against what others did."""

    def __init__(self, witness: Witness, log: VerifierKey) -> None:
        self._witness = witness
        self._log = log
        self._agreed: OrderedDict[tuple[int, bytes], None] = OrderedDict()
        self._is_withheld = False

    def hear(self, note: str, now: int) -> Question | None:
        """A peer's head, at `now` (Unix seconds). None where it agrees, or where there is nothing more to find out:
        another root of a size that was cosigned is a fork, and is kept with its evidence. Raises LogRefused for a note
        that is not the log's, OSError.
        """
        told = signed_head(note, self._log)
        held = self._witness.known(told.size)
        if held is not None:
            if held.root != told.root.hex():
                self._witness.accuse(held.note, note, None, now)
            return None
        if 0 in (told.size, self._witness.head.size) or (told.size, told.root) in self._agreed or self._witness.views:
            return None
        newest = head_of(self._witness.head.note)
        old, new = sorted((told, newest), key=lambda head: head.size)
        return Question(old, new, self._witness.head.note, note)

    def judge(self, question: Question, given: Given | None, now: int) -> str | None:
        """What the log gave to a question (None: nothing) means: None where it proves that both heads are of one
        history, else `fork` (kept with its evidence) or `withheld`, reported once until a proof comes again. Raises
        OSError.
        """
        old, new = question.old, question.new
        if given is not None:
            if consistency_fault((old.size, old.root), (new.size, new.root), given.proof) is None:
                self._agree(head_of(question.told))
                self._is_withheld = False
                return None
            if self._witness.accuse(question.held, question.told, given, now):
                return "fork"
        if not self._is_withheld:
            self._is_withheld = True
            self._witness.report("withheld", question.held, question.told, now)
        return "withheld"

    def doubted(self) -> str | None:
        """The newest head that the witness was sent without a proof that holds: the log's own files may tell more."""
        return next((one.given for one in reversed(self._witness.reports) if one.kind == "unproven"), None)

    def take(self, view: SplitView, now: int) -> bool:
        """Evidence that a peer has: kept where it proves itself, whoever the peer is. Raises OSError."""
        if self._witness.views:
            return False
        try:
            self._witness.keep(view)
        except Refused:
            return False
        self._witness.report("fork", view.smaller, view.larger, now)
        return True

    def _agree(self, head: Checkpoint) -> None:
        self._agreed[head.size, head.root] = None
        if len(self._agreed) > AGREED_MAX:
            self._agreed.popitem(last=False)
