"""The native API over gRPC, behind the one port.

Owns: the service's description (isthmus.proto), the code made of it, its streams. Takes: calls over a Unix socket that
the port carries HTTP/2 to. Emits: the orders, books, executions and refusals that the REST API has. Never: decides;
order entry, access and reads are the gateways' common parts.
"""
