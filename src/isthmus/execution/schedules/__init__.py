"""The published formulas behind the schedules: pure arithmetic on numbers, with their sources.

Owns: how much by when. Takes: estimates as floats (prices in steps, quantities in lots, times in seconds). Emits:
holdings, trades, distances. Never: money, orders, a clock.
"""
