"""What is owed after a trade: novation, netting, obligations, settlement, fails, corporate actions, expiry, interest.

Owns: obligations and their life, calendars, settlement terms. Takes: values made of the engine's records, answers of
settlement systems, days. Emits: what settles, fails and is to be posted, which `isthmus.app` sends as commands. Never:
reads a clock or a file, changes a balance, knows a gateway (messages are made of its values by whoever wires).
"""
