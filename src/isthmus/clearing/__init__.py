"""What is owed after a trade: novation, netting, obligations, settlement, calls, liquidation, the default waterfall.

Owns obligations and their life. Takes records of the engine, answers of settlement systems and calendars; what changes
a balance or an order goes back as a command. Never reads a clock: the day is handed in.
"""
