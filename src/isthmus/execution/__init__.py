"""Where an order goes and why, outside the core.

Owns: the choice between the house book and outside venues. Takes: what each shows against the order. Emits: a venue
and one sentence. Never: sends, splits or changes an order.
"""
