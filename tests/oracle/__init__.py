"""The naive twin of the engine: docs/reference/engine.md in executable form.

Plain Python and plain data structures, no extension, no speed. `Twin.apply` answers with the canonical body of the
record; the Rust core must answer with the same bytes. Owns its whole state; takes commands and the time; never reads a
clock.
"""
