"""Where an order goes and why, how a large one is worked, what it cost, and what the house's own desks want to do.

Owns: the consolidated view of an instrument, the 23 paths and the choice among them, the router, routes and their
guards, transaction-cost analysis; the rules of arbitrage, market making, metals and of the liquidity forecast. Takes:
what venues show, what the records say became of orders. Emits: children, cancels and wake-ups, each with its why;
orders that somebody else sends. Never: keeps what the records do not say, reads a clock, changes a balance.
"""
