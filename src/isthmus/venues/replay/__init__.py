"""Recorded days played through the engine: does it keep the book that the exchange published?

Owns: the rules of the three comparisons. Takes: events of `venues.formats`. Emits: counts.
Never: corrects the engine by any other way than the recording's own rows, and counts whatever it corrects.
"""
