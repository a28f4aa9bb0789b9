"""ISDA SIMM in the hot tier, re-exported from the extension; `isthmus.risk.simm` is its typed face."""

from isthmus._core import SimmCrif

__all__ = ["SimmCrif"]
