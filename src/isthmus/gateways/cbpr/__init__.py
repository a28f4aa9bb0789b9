"""SWIFT FIN to ISO 20022 and back, by the translation rules of cross-border payments (CBPR+), field by field.

Owns: which field of an MT becomes which element of an MX, and back; what happens to what has no place on the other
side. Takes: FIN text, or XML of one message with its header. Emits: the other form, and the names of the fields that
were lost on the way. Never: opens a socket, reads a clock (whoever calls says what time it is), judges a message
(`iso20022.validation` does), or moves money.
"""
