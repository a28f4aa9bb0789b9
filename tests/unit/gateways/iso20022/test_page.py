"""The pages cannot go stale: every rule and every type is on them, and the example runs."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from isthmus.gateways.cbpr.from_fin import COMMON_TYPES, TYPES
from isthmus.gateways.clearing.layout import Layout, check
from isthmus.gateways.iso20022 import header_rules, payment_rules, statement_rules, trade_rules, value_rules

DOCS = Path(__file__).parents[4] / "docs"
REFERENCE = (DOCS / "reference" / "iso20022.md").read_text()
GUIDE = (DOCS / "guide" / "iso20022.md").read_text()


def test_every_rule_of_the_code_is_on_the_page_and_no_other() -> None:
    in_code = {rule for rule, _ in value_rules.VALUES.values()}
    for module in (header_rules, payment_rules, statement_rules, trade_rules, value_rules):
        source = Path(module.__file__).read_text()
        in_code |= set(re.findall(r'(?:inding|_twice)\(\s*"([a-z_]+)"', source))
    table = REFERENCE.partition("## Rules")[2].partition("## Speed")[0]
    on_page = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([a-z_]+)`", row.split("|")[1])
    }
    assert in_code | {"decimals", "currency"} == on_page


def test_every_type_that_is_translated_is_on_the_page() -> None:
    table = REFERENCE.partition("## Translation")[2]
    for kind in (*TYPES, *(f"n{kind}" for kind in COMMON_TYPES)):
        assert f"MT{kind}" in table


def test_the_example_of_the_guide_runs() -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    exec(compile(example, "iso20022.md", "exec"), {})


def test_the_description_of_the_guide_is_one() -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    check(msgspec.toml.decode(example, type=Layout))
