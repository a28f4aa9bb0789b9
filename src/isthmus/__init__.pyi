from isthmus.app.backtest import Broker as Broker
from isthmus.app.backtest import Outcome as Outcome
from isthmus.app.backtest import Strategy as Strategy
from isthmus.app.backtest import backtest as backtest

__version__: str
