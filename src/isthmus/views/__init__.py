"""Read models: what people ask for, kept ready by reading the journal.

Owns: orders, fills, positions, books, bars and the journal's tail as people see them. Takes: durable records in
order, and
what markets publish. Emits: plain rows, and the names of what changed. Never: changes anything in the engine.
"""
