"""The native REST API and the pages around it, on plain ASGI.

Owns: the route table, the OpenAPI document made of it, static pages. Takes: HTTP requests. Emits: JSON answers and
problems. Never: decides; order entry and reads are the gateways' common parts.
"""
