"""A neutral door for test suites: NDJSON commands in, NDJSON events out, on an engine in memory.

Owns: the caller's own names of instruments, accounts, orders and trades.
Takes: one object a row (docs/reference/match.md), as any engine's cases can be written.
Emits: what the engine did, in the caller's names, row by row, deterministic.
Never: reads a clock, keeps anything, or decides what the engine should.
"""
