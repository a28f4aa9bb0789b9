"""Isthmus: a brokerage in one process.

Owns: nothing itself; its packages do. Takes: commands, at the gateways. Emits: records, one a command, in a hashed
journal. Never: changes a balance, an order or a limit outside the engine.

`backtest`, `Strategy`, `Broker` and `Outcome` are those of `isthmus.app.backtest`, loaded when first asked for.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
_BACKTEST = ("Broker", "Outcome", "Strategy", "backtest")


def __getattr__(name: str) -> Any:
    if name in _BACKTEST:
        return getattr(import_module("isthmus.app.backtest"), name)
    raise AttributeError(f"isthmus has no {name}")
