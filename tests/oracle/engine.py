"""The twin: one pass, one record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from . import (
    auction,
    contracts,
    corrections,
    deadlines,
    expiry,
    families,
    gate,
    kill,
    limits,
    liquidation,
    makers,
    margining,
    matching,
    negotiation,
    operations,
    parent_changes,
    parents,
    portfolio,
    reactions,
    risk,
    rules,
    session,
    special,
    transfers,
    venues,
)
from .books import Order
from .messages import COMMANDS, name_of, rejected
from .record import CLOCK_HELD, GENESIS, Origin, body, chained
from .state import State

Checks = Callable[[State, Any], Iterator[Any]]
Effects = Callable[[State, Any], Iterator[Any]]


def free(state: State, command: Any) -> Iterator[Any]:
    """No check."""
    yield from ()


# What stands before a command, and what it does.
HANDLERS: dict[str, tuple[Checks, Effects]] = {
    "OpenAccount": (operations.check_open_account, operations.open_account),
    "AddAsset": (operations.check_add_asset, operations.add_asset),
    "AddInstrument": (operations.check_add_instrument, operations.add_instrument),
    "Deposit": (operations.check_deposit, operations.deposit),
    "Withdraw": (operations.check_withdraw, operations.withdraw),
    "Transfer": (operations.check_transfer, operations.transfer),
    "Halt": (operations.check_halt, operations.halt),
    "Resume": (operations.check_resume, operations.resume),
    "CancelAll": (operations.check_cancel_all, operations.cancel_all),
    "PlaceOrder": (gate.place, matching.place),
    "CancelOrder": (gate.cancel, operations.cancel_order),
    "ReplaceOrder": (gate.replace_order, matching.replace_order),
    "Mark": (operations.check_mark, operations.mark),
    "VenueAccepted": (venues.about_order, venues.accepted),
    "VenueFilled": (venues.check_filled, venues.filled),
    "VenueCancelled": (venues.check_cancelled, venues.cancelled),
    "VenueReplaced": (venues.check_replaced, venues.replaced),
    "TimePassed": (free, operations.pass_time),
    "UpgradeEngine": (operations.check_upgrade, operations.upgrade),
    "SetRule": (rules.check_set_rule, rules.set_rule),
    "SetTick": (session.check_set_tick, session.set_tick),
    "SetSession": (session.check_set_session, session.set_session),
    "Uncross": (session.check_uncross, session.uncross),
    "PlaceSpecial": (gate.place, matching.place),
    "ReplaceSpecial": (special.check_replace_special, special.replace_special),
    "ReduceOrder": (special.check_reduce, special.reduce),
    "AcceptQuote": (negotiation.check_accept_quote, negotiation.accept_quote),
    "ClearSealed": (negotiation.check_clear_sealed, negotiation.clear_sealed),
    "SetAccount": (limits.check_set_account, limits.set_account),
    "SetCredit": (limits.check_set_credit, limits.set_credit),
    "SetLimit": (limits.check_set_limit, limits.set_limit),
    "Kill": (kill.check_kill, kill.kill),
    "Rearm": (kill.check_rearm, kill.rearm),
    "SetDeadMan": (kill.check_set_dead_man, kill.set_dead_man),
    "RegisterMaker": (makers.check_register_maker, makers.register_maker),
    "SetProtection": (makers.check_set_protection, makers.set_protection),
    "CorrectTrade": (corrections.check_correct_trade, corrections.correct_trade),
    "PlaceParent": (parents.check_parent, parents.place_parent),
    "PlaceChild": (parents.check_child, parents.place_child),
    "SetVenueFees": (parent_changes.check_venue_fees, parent_changes.venue_fees),
    # Money between accounts.
    "Move": (transfers.check_move, transfers.move),
    "MovePending": (transfers.check_move, transfers.move_pending),
    "PostPending": (transfers.check_post, transfers.post_pending),
    "VoidPending": (transfers.check_void, transfers.void_pending),
    "Exchange": (transfers.check_exchange, transfers.exchange),
    # ---
    # Margined positions.
    "SetMarginTier": (margining.check_tier, margining.set_tier),
    "SetLeverage": (margining.check_leverage, margining.set_leverage),
    "CloseDay": (margining.check_close_day, margining.close_day),
    "Fund": (margining.check_fund, margining.fund),
    "Liquidate": (liquidation.check_liquidate, liquidation.liquidate),
    "Deleverage": (liquidation.check_deleverage, liquidation.deleverage),
    "SetMarginPolicy": (margining.check_policy, margining.set_policy),
    "EndFreeze": (margining.check_end_freeze, margining.end_freeze),
    # ---
    # Contracts that expire.
    "SetContract": (contracts.check_set_contract, contracts.set_contract),
    "SettleExpiry": (contracts.check_settle_expiry, expiry.settle_expiry),
    "Exercise": (expiry.check_exercise, expiry.exercise),
    "SetMarginMode": (portfolio.check_margin_mode, portfolio.set_margin_mode),
    "SetRiskProduct": (risk.check_product, risk.product),
    "SetRiskArray": (risk.check_array, risk.array),
    "SetRiskTier": (risk.check_tier, risk.tier),
    "SetRiskSpread": (risk.check_spread, risk.spread),
    "SetRiskCredit": (risk.check_credit, risk.credit),
    "SetRiskDelivery": (risk.check_delivery, risk.delivery),
    "ApplyRisk": (risk.check_apply, risk.apply),
}
assert HANDLERS.keys() == COMMANDS.keys(), HANDLERS.keys() ^ COMMANDS.keys()


class Twin:
    """The engine's specification. After `apply`, `effects` and `postings` are those of the last record."""

    def __init__(self) -> None:
        self.state = State()
        self.head = GENESIS
        self.effects: list[Any] = []

    def apply(self, command: Any, at: int, origin: Origin | None = None) -> bytes:
        """Sequence, gate, effects, freezes; returns the record's canonical body."""
        state = self.state
        held_back = at < state.stamp
        makers.clock(state, max(0, at - state.stamp))
        state.sequence += 1
        state.stamp = max(state.stamp, at)
        state.ledger.postings = []
        state.touched.clear()
        state.memory.forget(state.sequence, state.stamp)
        self.effects = [*deadlines.run(state), *makers.guard(state)]
        self._settle_parents()
        self.effects.extend(self._decide(command))
        self.effects.extend(reactions.react(state))
        self._settle_parents(reactions.react)
        self.effects.extend(portfolio.margin(state))
        self.effects.extend(margining.judge(state))
        flags = CLOCK_HELD if held_back else 0
        raw = body(state.sequence, state.stamp, flags, origin, command, self.effects)
        self.head = chained(self.head, raw)
        return raw

    def _settle_parents(self, *after: Callable[[State], Iterator[Any]]) -> None:
        """Parents that have come to their end, or to new terms, lowest number first; `after` follows each."""
        while due := [number for number in sorted(self.state.families) if families.is_due(self.state, number)]:
            self.effects.extend(families.settle(self.state, due[0]))
            for follow in after:
                self.effects.extend(follow(self.state))

    def _decide(self, command: Any) -> list[Any]:
        state = self.state
        checks, act = HANDLERS[name_of(command)]
        refusal = next((found for found in checks(state, command) if found), None)
        ended = (state.sequence, state.stamp)
        if refusal is None:
            effects = list(act(state, command))
            lives = name_of(command) in ("PlaceOrder", "PlaceSpecial", "PlaceParent") and state.sequence in state.orders
            state.memory.remember(command, None, state.sequence, None if lives else ended)
            return effects
        if not isinstance(refusal, str):
            return [refusal]
        state.memory.remember(command, refusal, state.sequence, ended)
        return [rejected(refusal)]

    @property
    def postings(self) -> list[Any]:
        """Double entries of the last record, trades written out."""
        return self.state.ledger.postings

    def balance(self, account: int, asset: int) -> tuple[int, int]:
        """Balance and what is held of it."""
        ledger = self.state.ledger
        return ledger.balances.get((account, asset), 0), ledger.held.get((account, asset), 0)

    def position(self, account: int, instrument: int) -> tuple[int, int]:
        """Signed lots and their whole hold, live orders included."""
        pair = (account, instrument)
        return self.state.positions.get(pair, 0), self.state.position_holds.get(pair, 0)

    def reference(self, instrument: int) -> int:
        """The reference price; 0 while there is none."""
        return self.state.instruments[instrument].reference

    def indicative(self, instrument: int) -> tuple[int, int, int]:
        """Price, volume and imbalance that an uncross would find now."""
        return auction.indicative(self.state, instrument)

    def totals(self) -> dict[int, int]:
        """The sum of every asset over all accounts; each is 0."""
        return self.state.ledger.totals()

    def resting(self, instrument: int, side: int) -> list[Order]:
        """Orders on the house book in priority."""
        return list(self.state.books[instrument].sides[side])
