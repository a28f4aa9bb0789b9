"""Isthmus: a brokerage in one process.

Owns: nothing itself; its packages do. Takes: commands, at the gateways. Emits: records, one a command, in a hashed
journal. Never: changes a balance, an order or a limit outside the engine.

`backtest`, `Strategy` and `Broker` are `isthmus.app.backtest`'s, loaded when first asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isthmus.app.backtest import Broker, Outcome, Strategy, backtest

__version__ = "0.1.0"
__all__ = ["Broker", "Outcome", "Strategy", "backtest"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from isthmus.app import backtest as module

        return getattr(module, name)
    raise AttributeError(f"isthmus has no {name}")
