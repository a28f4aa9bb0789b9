"""The consolidated book and the arithmetic of routes, re-exported from the extension; `isthmus.execution.book` is their
typed face.
"""

from isthmus._core import ConsolidatedBook, DarkTails, DarkWeights, RouteRefused, spread_units, triangle

__all__ = ["ConsolidatedBook", "DarkTails", "DarkWeights", "RouteRefused", "spread_units", "triangle"]
