"""FIX sessions of the extension, re-exported: an acceptor or initiator that sends messages back, or keeps them."""

from isthmus._core import FixEcho

__all__ = ["FixEcho"]
