"""What outside venues say and are told: one module a venue, bytes in, our words out, and orders the other way.

Owns: the tongues of BitMEX, Deribit, OKX, Kraken, Bitstamp, Coinbase, Gemini, Bybit and Binance Futures. Takes: bytes
of their messages. Emits: `words` (market data, instruments), `orders` (what became of orders). Never: opens a socket,
reads a clock, makes a float of a number, or lets a message pass without a word for it. A message that is not as the
venue documents it is refused with BadInput, which names venue and field; nothing else is raised.
"""
