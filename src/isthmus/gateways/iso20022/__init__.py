"""ISO 20022: XML of payments, statements, foreign exchange and securities, judged, read, built, and translated to and
from FIN.

Owns: the guard in front of the XML parser, the cache of compiled schemas, the business rules, the tables between our
values and the elements of a message, the tables between FIN fields and elements. Takes: bytes or text from outside;
our frozen values; a folder of XSD files, which is never part of this package. Emits: verdicts (schema and rules,
apart), values, XML, FIN text and a list of what could not be carried over. Never: opens a socket, resolves an entity,
reads a DTD, reads a clock, or trades.
"""
