"""Rates and channels of a region, which the code of a 1.1 uplink and the answer to a join need.

Source: RP002-1.0.3 (LoRaWAN Regional Parameters), EU863-870 section 2.4 and US902-928 section 2.5.
"""

from __future__ import annotations

import msgspec

EU_RATES = ("SF12BW125", "SF11BW125", "SF10BW125", "SF9BW125", "SF8BW125", "SF7BW125", "SF7BW250")
US_RATES = ("SF10BW125", "SF9BW125", "SF8BW125", "SF7BW125", "SF8BW500")
US_ANSWERS = ("SF10BW500", "SF9BW500", "SF8BW500", "SF7BW500", "SF7BW500")
"""Rates of RX1 for each rate of an uplink, with RX1DROffset 0."""
KHZ = 1_000


class Plan(msgspec.Struct, frozen=True):
    """`channels`: uplink frequencies in Hz by channel number."""

    region: str
    rates: tuple[str, ...]
    channels: tuple[int, ...]

    def rate(self, written: str) -> int | None:
        """The number of a rate like SF7BW125."""
        return self.rates.index(written) if written in self.rates else None

    def channel(self, hertz: int) -> int | None:
        """The number of the channel within 1 kHz of this frequency."""
        near = (number for number, own in enumerate(self.channels) if abs(own - hertz) <= KHZ)
        return next(near, None)

    def answer_at(self, hertz: int, written: str) -> tuple[int, str] | None:
        """Frequency and rate of the first receive window after an uplink."""
        channel, rate = self.channel(hertz), self.rate(written)
        if rate is None or channel is None:
            return None
        if self.region == "EU868":
            return hertz, written
        return 923_300_000 + 600_000 * (channel % 8), US_ANSWERS[rate]


def plan_of(region: str, more: tuple[int, ...] = ()) -> Plan:
    """EU868, whose three channels a network adds `more` to (Hz), or US915."""
    if region == "US915":
        narrow = tuple(902_300_000 + 200_000 * number for number in range(64))
        wide = tuple(903_000_000 + 1_600_000 * number for number in range(8))
        return Plan(region, US_RATES, narrow + wide)
    assert region == "EU868", region
    return Plan(region, EU_RATES, (868_100_000, 868_300_000, 868_500_000, *more))
