"""Assets, instruments and accounts by name and number.

Owns: the directory that turns numbers into names. Takes: records. Emits: frozen rows. Never: decides or stores.
"""
