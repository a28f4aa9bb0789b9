"""FIX beyond plain orders: what sessions (crates/front) pass on to Python, message by message.

Owns: the reading of such messages as the broker's own requests, and the writing of their answers. Takes: lazy views of
messages that their session has checked. Emits: bodies of messages. Never: touches a socket or a sequence number.
"""
