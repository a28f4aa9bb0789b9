"""The naive twin of crates/trail: the rows of orders' events, as the audit store and the log of orders have them.

Owns what it remembers of orders and terms; takes the journal's records in order; emits rows; never reads a file.
"""
