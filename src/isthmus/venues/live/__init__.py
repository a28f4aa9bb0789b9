"""Outside venues that are really there: their books shown, our orders at them, their fills brought home.

Owns: what is known of each order at a venue. Takes: words of `venues.wires`, records of the engine, time as a number,
answers that a link brought. Emits: commands for the engine's inbox, market data, requests for a link. Never: opens a
socket, reads a clock or a key, drops a fill silently, or asks a venue twice for what it may have done already.
"""
