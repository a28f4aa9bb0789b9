"""Where the outside meets the broker: bytes in, commands out; records in, bytes out.

Owns: keys and sessions, decimal codecs, problems, limits, REST and WebSocket. Takes: HTTP and WebSocket messages.
Emits: commands with their origin, answers made from durable records. Never: decides about money or orders.
"""
