"""Readers of recorded market data: bytes in, plain values out.

Takes: binary streams of `kernel.files.open_input`. Emits: events with integer prices and quantities, in file order.
Raises BadInput with field, reason and line for what cannot be read. Never: keeps a book or knows the engine.
"""
