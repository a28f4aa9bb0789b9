"""Client money holds to its laws over books in plain Python."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from tests.unit.ledger.custody.laws import ClientMoneyLaws

TestClientMoneyLaws = ClientMoneyLaws.TestCase
TestClientMoneyLaws.settings = settings(
    max_examples=80, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
