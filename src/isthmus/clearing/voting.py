"""Two of three: what deciders find of every account, and who was outvoted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from isthmus.clearing.margining import Decider, Finding, Key, Rules

MAJORITY = 2


class Ballot(msgspec.Struct, frozen=True):
    """What one decider said; None: nothing of the account."""

    decider: str
    finding: Finding | None


class Verdict(msgspec.Struct, frozen=True):
    """What two or three found equal, None when there is no such; and the ballots that said otherwise."""

    account: int
    asset: int
    finding: Finding | None
    dissent: tuple[Ballot, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether there is a majority; without one nothing is closed and people have to look."""
        return self.finding is not None


def vote(deciders: Sequence[Decider], rules: Rules) -> tuple[list[Verdict], dict[str, str]]:
    """A verdict on every account that any of them names, by account and asset; and by decider why it did not vote.

    Equal means equal in every figure. That nothing is held by an account is found by two who do not name it.
    """
    said: dict[str, dict[Key, Finding]] = {}
    faults: dict[str, str] = {}
    for decider in deciders:
        try:
            said[decider.name] = decider.findings(rules)
        except (ArithmeticError, ValueError, LookupError, RuntimeError, TypeError) as fault:
            faults[decider.name] = f"{type(fault).__name__}: {fault}"
    keys = sorted({key for findings in said.values() for key in findings})
    return [verdict for key in keys if (verdict := _verdict(key, said)) is not None], faults


def _verdict(key: Key, said: dict[str, dict[Key, Finding]]) -> Verdict | None:
    ballots = [Ballot(name, findings.get(key)) for name, findings in said.items()]
    for ballot in ballots:
        agree = [other for other in ballots if other.finding == ballot.finding]
        if len(agree) >= MAJORITY:
            dissent = tuple(other for other in ballots if other.finding != ballot.finding)
            if ballot.finding is None and not dissent:
                return None
            return Verdict(*key, ballot.finding, dissent)
    return Verdict(*key, None, tuple(ballots))
