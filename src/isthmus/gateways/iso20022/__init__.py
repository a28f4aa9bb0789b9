"""ISO 20022: XML of payments, statements, foreign exchange and securities: judged, read into values, built of them.

Owns: the cache of compiled schemas, the business rules, the tables between our values and the elements of a message.
Takes: bytes or text from outside, through the guard; frozen values; a folder of XSD files, which is never part of this
package. Emits: two verdicts (schema, rules), values, XML. Never: opens a socket, reads a clock, or trades. Translation
from and to FIN is `isthmus.gateways.cbpr`.
"""
