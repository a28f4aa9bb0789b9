"""Deals and messages that several tests of confirmations begin with."""

from __future__ import annotations

from isthmus.gateways.swift import mt300

OWN, OTHER = "BANKGB2LXXX", "CHASUS33XXX"
REPORT = "35=8|17=X-1|150=F|55=EUR/USD|54=1|15=EUR|32=1000000|31=1.08455|75=20260302|64=20260304|"


def built(report: str = REPORT, **changes: str) -> mt300.Built:
    """The confirmation of a report with some tags changed: `t54="2"`; an empty value takes the tag out."""
    tags = dict(row.split("=", 1) for row in report.split("|") if row)
    tags |= {name[1:]: value for name, value in changes.items()}
    return mt300.of_fix("".join(f"{tag}={value}|" for tag, value in tags.items() if value), OWN, OTHER)


def deal(**changes: str) -> mt300.Deal:
    """Our side of the deal that a report tells."""
    made = built(**changes).deal
    assert made is not None
    return made


def message(own: mt300.Deal) -> str:
    """The text of a deal's confirmation."""
    text = mt300.build(own).fin
    assert text is not None
    return text
