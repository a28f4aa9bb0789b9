"""What the firm earns and how it is charged: fees by tier, spreads, data, lending, advice, interest, invoices.

Owns tariffs and the arithmetic of charges. Takes fills, balances and holdings as plain values; gives charges in minor
units, each with a key that is the same whenever it is computed again, so that nothing is charged twice. Never posts:
the application turns a charge into a command.
"""
