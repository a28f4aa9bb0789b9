"""What stands between documents from outside and whoever reads them: a filter that names the rule and the place.

Owns: the rules of docs/reference/xmlguard.md. Takes: bytes of XML or JSON. Emits: a parsed tree, or a stop with its
rule and place. Never: fetches, resolves or loads anything, mends a document, or decides what an order is worth.
"""

from isthmus.gateways.xmlguard.parse import safe_parse
from isthmus.gateways.xmlguard.plain import plain_parse
from isthmus.gateways.xmlguard.stops import Stopped

__all__ = ["Stopped", "plain_parse", "safe_parse"]
