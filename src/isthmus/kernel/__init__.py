"""What every other package speaks: errors, clock, configuration, values.

Owns: the meaning of the words that packages share. Takes: plain data. Emits: plain data.
Never: imports another package of Isthmus, reads the environment, or keeps state.
"""
