"""SWIFT MT (FIN): confirmations of foreign exchange, statements, payments, settlement instructions.

Owns: FIN messages and their fields, MT300 from trades and back, the matching of both sides' confirmations, statements.
Takes: FIN texts, FIX reports, trades. Emits: FIN texts, errors that name code, rule, field and line.
Never: opens a socket, reads a clock, moves money.

`fin.parse_fin(text) -> Fin`: `blocks` [(name, fields)], `fields` of block 4 as [(tag, value)] with `\\n` between the
lines of a value, `faults` of the form; `fin.messages_of(text)` cuts a file into messages; `fin.build_fin(header,
fields)` is the way back. `verdict.validate(text)` judges, `mt300` makes and reads confirmations, `matching` compares
them, `confirmations` keeps their states, `statements` reads and makes MT940 and MT942,
`settlement` MT540 to MT547.
"""
