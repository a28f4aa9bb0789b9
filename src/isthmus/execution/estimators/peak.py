"""How much of an iceberg to show.

Source: Esser, Moench, "The navigation of an iceberg: the optimal use of hidden orders", Finance Research Letters 4
(2007): a larger peak is done sooner, since each new peak queues again, and moves the price away more, since it is seen.
They solve for peak and limit by simulating a price whose drift grows with the peak. Here the same trade-off in two
terms with a closed form: an order of X lots shown p at a time queues X / p times behind q lots that are served at rate
mu, so its mean lot waits X q / (2 p mu) seconds at w price steps a second; showing p moves the price by g p. Least at

    p = sqrt(w X q / (2 mu g)).
"""

from __future__ import annotations

import math


def mean_cost(shown: float, quantity: float, queue: float, rate: float, prices: tuple[float, float]) -> float:
    """Price steps a lot of showing so much; `prices` are (w, g)."""
    wait, move = prices
    return wait * quantity * queue / (2 * shown * rate) + move * shown


def best_peak(quantity: float, queue: float, rate: float, prices: tuple[float, float]) -> float | None:
    """The peak of least cost, at most everything; None where one of the terms is not known."""
    wait, move = prices
    if min(quantity, queue, rate, wait, move) <= 0:
        return None
    return min(quantity, math.sqrt(wait * quantity * queue / (2 * rate * move)))
