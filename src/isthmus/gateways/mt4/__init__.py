"""The MT4 bridge and the bank beside it: orders come in as XML, answers go out; payments and statuses go to a bank.

Owns: the documents of docs/guide/mt4-bridge.md, framed over TCP (`server`), and calls to a bank (`bank`).
Takes: whatever xmlguard let through. Emits: orders into the gateways' one order entry. Never: reads XML or JSON from
outside by another way than the filter, or decides what an order is worth.
"""
