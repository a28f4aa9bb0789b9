"""Keys that no three people can turn: holders, ceremonies, policy, and the records of ceremonies.

Owns: what a holder keeps (sealed), how he judges a request, the steps of a ceremony. Takes: asks and replies as values;
time, chance and the place to keep things are handed in. Emits: replies, refusals by name, entries of the ceremonies'
log. Never: opens a connection, or tells whoever asks that a code was the one given under duress.
"""
