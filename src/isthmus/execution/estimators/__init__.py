"""The formulas behind the paths: plain numbers in, plain numbers out, each with its source.

Owns: the published estimators. Takes: lots, seconds, price steps. Emits: shares, probabilities, splits. Never: knows a
venue, a parent or a market.
"""
