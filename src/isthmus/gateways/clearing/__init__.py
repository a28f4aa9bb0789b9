"""Files of a local clearing: records of fixed width or of separated fields, as a TOML description says.

Owns: the description and what it means. Takes: bytes of a file, rows. Emits: rows, bytes; control totals computed and
compared. Never: opens a socket, knows a clearing by name, rounds an amount, or mends a file.
"""
