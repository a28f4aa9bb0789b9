"""One settlement of securities in three forms: ISO 20022 (sese), SWIFT FIN (MT540 to MT547), a contract's call.

Owns: the fields of the FIN messages, which party and token is which on a chain, whether what came back is what was
instructed. Takes: settlements, FIN texts, logs. Emits: messages, calls, data to sign, differences. Never: sends
anything, moves money, or leaves out in one form what it was given (what has no place is refused by name).
"""
