"""Client money at custodian banks: what must be there, what the banks say is there, and how it moves.

Owns: the rules of reconciliation, of breaks and what they block, of deposits and withdrawals, of the split over banks;
a simulated bank. Takes: statements and books as values, in minor units, with days and times handed in. Emits: matches,
breaks in words, proposals of moves, the daily record. Never: reads a clock, opens a socket, or changes a balance: what
should move is a value that somebody else commands. Rules: FCA CASS 7.13 (segregation), 7.15 (reconciliation, shortfall
paid in on the day it is found), 7.15.29 to 33.
"""
