"""Where an order can go: recorded and simulated markets, and the recordings that check the engine.

Owns: readers of recorded market data, the replay checks, the books and fill rules of recorded and simulated venues.
Takes: bytes of recordings, time as a number, records of the engine. Emits: commands for the engine's inbox, market
data. Never: reads a clock, opens a socket, or changes an order in any other way than by a command.
"""
