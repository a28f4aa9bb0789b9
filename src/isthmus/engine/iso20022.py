"""The pass over XML in the hot tier, re-exported from the extension; `xmlguard.plain` is its typed face."""

from isthmus._core import XmlScreen

__all__ = ["XmlScreen"]
