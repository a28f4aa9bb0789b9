"""What is owed after a trade: novation, netting, obligations, settlement, fails, corporate actions, expiry, interest.

Owns obligations and their life. Takes values made of the engine's records, answers of settlement systems, and days;
what changes a balance or an order goes back as a command that `isthmus.app` sends. Never reads a clock or a file: the
day is handed in; never imports a gateway: messages are made of its values by whoever wires.
"""
