"""What can be checked instead of believed: the log of the journal, its witnesses, the store, keys and proofs."""
