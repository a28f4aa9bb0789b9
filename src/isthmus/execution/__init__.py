"""Where an order goes and why, outside the core, and what the house's own desks want to do.

Owns: the choice between the house book and outside venues; the rules of arbitrage, market making, metals and of the
liquidity forecast. Takes: what venues show, what became of orders. Emits: a venue and one sentence; orders that
somebody else sends. Never: sends, splits or changes an order.
"""
