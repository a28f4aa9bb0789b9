"""The broker as clients of Alpaca's protocol know it: the same accounts, keys, orders and markets in other words.

Owns: names, ids, codes and frames of that protocol (docs/guide/alpaca.md). Takes: HTTP and WebSocket messages under
/alpaca. Emits: commands through the gateways' one OrderEntry, answers made from Reads and Views. Never: decides, keeps
a truth of its own, or knows a second way to place an order.
"""
