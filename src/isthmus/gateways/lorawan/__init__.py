"""LoRaWAN: what a radio sensor sent becomes a reading, and a reading, by a rule that a person approved, an order.

Owns: frames, their codes and keys, counters, fragments, gateways' datagrams, network servers' events, devices, rules of
hedging and what became of them. Takes: datagrams and JSON bodies. Emits: readings, and orders through the ordinary
order entry. Never: trusts a byte before its code was right, or sends an order by a rule that nobody approved.
"""
