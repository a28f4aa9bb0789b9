"""Three deciders on forced closes, made unlike on purpose: a mistake in one is outvoted by the other two.

Owns the three forms of the rule in `clearing.margining`. `core` asks the engine's state, `naive` adds up every record
in Python, `books` asks SQL over the books of record. They share what is asked and what is answered, nothing else.
Never acts: `clearing.voting` compares, the clearing process acts.
"""
