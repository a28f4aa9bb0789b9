"""What can be checked instead of believed: proofs of logs, witnesses, threshold keys.

Owns: the jurisdictions with what each may see, a witness's rule and state, the quorum; in `keys`, holders and their
ceremonies. Takes: heads of a log with proofs, as bytes. Emits: cosignatures, refusals by name, reports of
contradictions. Never: changes an order, a
balance or a record.
"""
