"""The face of the hot tier.

Owns: the one engine of the process, the order in which commands reach it, and what is told after they are durable.
Takes: commands with their origin. Emits: records, durable first, then seen. Never: decides anything itself, reads a
clock.
"""
