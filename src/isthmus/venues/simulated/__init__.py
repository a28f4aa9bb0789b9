"""Markets that are played: house participants whose orders are ordinary sequenced commands on the house book.

Owns: the order-flow model, its figures measured on recordings (facts.toml), the default instruments, the participants'
accounts. Takes: a seed, the time, a MarketDesk. Emits: commands through the desk (orders of house accounts, marks).
Never: reads a clock, keeps a book of its own, touches a client's order in any other way than by trading with it.
"""

from isthmus.venues.simulated.market import make

__all__ = ["make"]
