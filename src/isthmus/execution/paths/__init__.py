"""The 23 ways to work an order, a file or two each family; `isthmus.execution.taxonomy` lists them.

Owns: the published rule of each path. Takes: a parent, what became of it, what the venues show. Emits: children and
wake-ups. Never: keeps anything between two calls, reads a clock, sends.
"""
