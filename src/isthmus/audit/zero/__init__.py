"""What a day's books prove without showing them: sums that open, limits that are kept, liabilities that are covered.

Owns: the claims, their public part for verifiers and the openings for clients and the broker. Takes: a day's figures
and the head of the log that they come from. Emits: proofs, verdicts by name. Never: shows a client or an amount in the
public part.
"""
