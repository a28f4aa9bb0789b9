"""What a place in a queue is worth, and how long it waits there.

Sources. Value: Moallemi, Yuan, "A model for queue position valuation in a limit order book" (2017): a fill earns the
half spread and the rebate and loses what the price then moves against it; whether it fills depends on whether the queue
before it is served before the price moves away. Wait and choice of a venue: Maglaras, Moallemi, Zheng, "Queueing
dynamics and state space collapse in fragmented limit order book markets", Operations Research 69(4) 2021: a trader
joins the queue with the greatest rebate less what its expected delay Q / mu costs him.

Departures. Their dynamic component (a value function over queue lengths, calibrated for each share) is left out: with
trades of one size that come at rate mu and a price that moves away at rate nu, both Poisson, the chance of a fill
before the move is (mu / (mu + nu))^trades, where `trades` is how many it takes to serve the queue before us and one lot
of ours.
"""

from __future__ import annotations

import math

FOREVER_S = 1e9
"""The wait where nobody trades."""


def expected_wait(ahead: float, own: float, rate: float) -> float:
    """Seconds until `own` lots behind `ahead` are done when takers trade `rate` lots a second: (ahead + own) / rate."""
    return min(FOREVER_S, (ahead + own) / rate) if rate > 0 else FOREVER_S


def fill_chance(ahead: float, trade: float, rate: float, moves: float) -> float:
    """That the next lot behind `ahead` fills before the price moves away. `trade`: lots of a usual trade; `rate`: lots
    a second; `moves`: moves a second.
    """
    if rate <= 0:
        return 0.0
    trades = max(1.0, math.ceil((ahead + 1) / max(1.0, trade)))
    arrivals = rate / max(1.0, trade)
    return (arrivals / (arrivals + moves)) ** trades if moves > 0 else 1.0


def moves_a_second(volatility: float, distance: float) -> float:
    """How often a price that diffuses with this standard deviation in a second leaves a band of +-distance: the mean
    exit time of Brownian motion is (distance / volatility)^2.
    """
    return (volatility / distance) ** 2 if distance > 0 else 0.0


def queue_value(chance: float, earned: float, adverse: float, missed: float) -> float:
    """Price steps a lot: chance x (earned - adverse) - (1 - chance) x missed. `earned`: half spread and rebate,
    `adverse`: how far the middle moves against a fill, `missed`: what a lot costs that does not fill here.
    """
    return chance * (earned - adverse) - (1 - chance) * missed


def joining_cost(rebate: float, wait: float, patience: float) -> float:
    """Maglaras, Moallemi, Zheng: wait x its price - rebate; the least is joined. `patience`: price steps a lot that a
    second of waiting costs.
    """
    return wait * patience - rebate
