"""The settings of the clearing desk: [settlement] and its tables."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct

from isthmus.app.settlement_contracts import ContractSettings, MarkSettings
from isthmus.app.settlement_funding import FundingSettings
from isthmus.clearing.calendars import CALENDARS, Closed
from isthmus.clearing.expiry_calendar import PRODUCTS
from isthmus.clearing.fails import RATES
from isthmus.clearing.interest import BASES, Rates
from isthmus.clearing.terms import Terms
from isthmus.kernel.errors import BadInput


class MessageSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settlement instructions as files; none while `own_bic` is empty. `parties`: BIC by account name; `isins` by
    asset; `form`: FIN (MT541, MT543) or ISO 20022 (sese.023).
    """

    own_bic: Annotated[str, Meta(pattern="^([A-Z0-9]{8}([A-Z0-9]{3})?)?$")]
    depository: Annotated[str, Meta(pattern="^([A-Z0-9]{8}([A-Z0-9]{3})?)?$")]
    account: str
    form: Literal["fin", "iso20022"]
    parties: dict[str, Annotated[str, Meta(pattern="^[A-Z0-9]{8}([A-Z0-9]{3})?$")]]
    isins: dict[str, Annotated[str, Meta(pattern="^[A-Z]{2}[A-Z0-9]{9}[0-9]$")]]


class SettlementSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`settle_at`: local time from which a day's cycle runs. `closed`: more closed days by calendar. `terms`: by
    symbol.
    """

    run: bool
    timezone: str
    settle_at: Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    model: Literal[1, 2, 3]
    partial: bool
    borrowed_delivers: bool
    buy_in_days: Annotated[int, Meta(ge=0, le=60)]
    penalty: str
    closed: dict[str, list[date]]
    terms: dict[str, Terms]
    interest: dict[str, Rates]
    marks: MarkSettings
    contracts: dict[str, ContractSettings]
    funding: FundingSettings
    messages: MessageSettings

    @property
    def zone(self) -> ZoneInfo:
        """Of its days. Raises BadInput."""
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BadInput("settlement.timezone", f"{self.timezone!r} is no time zone known here") from error

    @property
    def cutoff(self) -> time:
        """When the cycle runs."""
        return time.fromisoformat(self.settle_at)

    @property
    def more_closed(self) -> Closed:
        """Days beside the calendars' own."""
        return Closed({name: frozenset(days) for name, days in self.closed.items()})


def checked(settings: SettlementSettings) -> SettlementSettings:
    """Raises BadInput that names the setting."""
    _ = settings.zone
    if settings.penalty and settings.penalty not in RATES:
        raise BadInput("settlement.penalty", f"{settings.penalty!r} is none of {', '.join(RATES)}")
    for place, names in (("closed", list(settings.closed)), *_calendars(settings)):
        for name in names:
            if name not in CALENDARS:
                raise BadInput(f"settlement.{place}", f"{name!r} is none of {', '.join(CALENDARS)}")
    for code, rates in settings.interest.items():
        if rates.basis not in BASES:
            raise BadInput(f"settlement.interest.{code}.basis", f"{rates.basis!r} is none of {', '.join(BASES)}")
    for symbol, terms in settings.terms.items():
        if not 0 <= terms.days <= 30 or not terms.calendars:
            raise BadInput(f"settlement.terms.{symbol}", "needs 0 to 30 days and a calendar")
    _marked(settings)
    _funding(settings.funding)
    messages = settings.messages
    if messages.own_bic and not (messages.depository and messages.account):
        raise BadInput("settlement.messages", "needs depository and account beside own_bic")
    return settings


def _calendars(settings: SettlementSettings) -> list[tuple[str, list[str]]]:
    return [(f"terms.{symbol}.calendars", list(terms.calendars)) for symbol, terms in settings.terms.items()]


def _funding(settings: FundingSettings) -> None:
    hours = settings.every_hours
    if hours and not (1 <= hours <= 24 and 24 % hours == 0):
        raise BadInput("settlement.funding.every_hours", f"{hours} is neither 0 nor hours that divide a day")
    if min(settings.clamp_ppm, settings.cap_ppm, settings.stale_s - 1) < 0:
        raise BadInput("settlement.funding", "clamp_ppm and cap_ppm are not below 0, stale_s is above 0")


def _marked(settings: SettlementSettings) -> None:
    for symbol, contract in settings.contracts.items():
        if contract.product not in PRODUCTS:
            known = ", ".join(PRODUCTS)
            raise BadInput(f"settlement.contracts.{symbol}.product", f"{contract.product!r} is none of {known}")
    if settings.marks.price_age_s < 1 or not 0 <= settings.marks.warn_days <= 60:
        raise BadInput("settlement.marks", "needs price_age_s above 0, and warn_days from 0 to 60")
