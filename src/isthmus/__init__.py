"""Isthmus: a brokerage in one process.

Owns: nothing itself; its packages do. Takes: commands, at the gateways. Emits: records, one a command, in a hashed
journal. Never: changes a balance, an order or a limit outside the engine.
"""

__version__ = "0.1.0"
