"""Pools of automated market makers: recorded events and states of a chain's pools, and pools as a venue.

Owns: the reading of pool files, the check of recorded swaps, the ladder a pool is shown as, fills by its formula.
Takes: files of events and states, records of the engine. Emits: counts of the check, market data, the venue's answers
as commands. Never: quotes by anything but the pool's exact formula, or reaches a chain.
"""
