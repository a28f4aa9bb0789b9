"""A market of outside venues that react: several lit books, dark pools, an auction and a dealer for one instrument.

Owns: the model of what orders do to a market (impact, resilience, queues, hidden liquidity, calls), its figures
(facts.toml), the truth about each run for cost analysis. Takes: a seed, the time, orders. Emits: the venues' answers
and marks as commands, their books, trades and call indications as data. Never: reads a clock, draws from anything but
its seed, or shows a path what only an experimenter may know (`truth`).

In process, `Marketplace` is the whole market without an engine: place, cancel, advance, take the answers.
"""

from isthmus.venues.reacting.market import Options, make
from isthmus.venues.reacting.marketplace import Marketplace

__all__ = ["Marketplace", "Options", "make"]
