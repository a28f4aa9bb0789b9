"""Chains of the Ethereum kind: values for contracts, data for wallets to sign, settlements as calls and events.

Owns: the contract ABI, EIP-712, the settlement contract's calls and events, and where parties and assets are on a
chain. Takes: settlements, logs. Emits: call data, data to sign, what an event said. Never: holds a private key, sends
anything, or guesses what a value that does not fit its type may have meant.
"""
