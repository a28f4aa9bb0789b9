"""The native stream: channels with sequence numbers over WebSocket.

Owns: streams (what was sent last, who listens), connections and their bounded outboxes. Takes: what the views say
changed. Emits: JSON text frames. Never: waits for a client.
"""
