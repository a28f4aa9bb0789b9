"""docs/reference/match.md cannot go stale: its examples run, and it names all there is and nothing else."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.gateways.match.test_bad_rows import BAD

from isthmus.app import match
from isthmus.app.output import EXIT_FOUND, EXIT_OK
from isthmus.gateways.match import words
from isthmus.gateways.match.door import Door
from isthmus.gateways.match.fields import QUOTE, SHAPES
from isthmus.kernel.messages import CANCEL_REASONS, REASONS

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "match.md").read_text()
EXAMPLES = re.findall(r"^```jsonl in\n(.*?)^```\n```jsonl out\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
RULES = (words.RULE_NUMBERS.keys() - {"book"}) | {"collar"}


def rows(text: str) -> list[dict[str, Any]]:
    """The objects among the lines."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


ASKED = [row for given, _ in EXAMPLES for row in rows(given)]
ANSWERED = [row for _, answers in EXAMPLES for row in rows(answers)]


def table(first: str) -> dict[str, str]:
    """Column 1 and 2 of the table whose head begins so."""
    found = re.search(rf"^\| {re.escape(first)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert found, first
    cells = [line.split(" | ") for line in found.group(1).splitlines()]
    return {line[0].strip("| "): line[1] if len(line) > 1 else "" for line in cells}


def names(text: str) -> set[str]:
    return set(re.findall(r"[a-z][a-z_0-9]*", text))


def listed(head: str) -> set[str]:
    """All names of a table's first column."""
    return {name for cell in table(head) for name in names(cell.removesuffix(" (default)"))}


@pytest.mark.parametrize(("given", "answers"), EXAMPLES, ids=[str(place) for place in range(len(EXAMPLES))])
def test_an_example_answers_as_the_page_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str, answers: str
) -> None:
    path = tmp_path / "rows"
    path.write_text(given)
    codes, said = [], []
    for _ in range(2):
        codes.append(match.run(argparse.Namespace(file=str(path))))
        said.append(capsys.readouterr().out)
    assert said == [answers, answers]
    assert set(codes) == {EXIT_FOUND if '"ev":"error"' in answers else EXIT_OK}


def test_every_kind_of_row_is_in_the_table_with_its_keys_and_in_an_example() -> None:
    found = table("do")
    assert found.keys() == SHAPES.keys() == {row["do"] for row in ASKED}
    for do, shape in SHAPES.items():
        needed, _, optional = found[do].partition("[")
        assert names(re.sub(r" (1|false)\b", "", needed)) == set(shape.needed), do
        assert names(re.sub(r" (1|false)\b", "", optional)) == shape.keys.keys() - set(shape.needed), do
    assert all(f'"{key}"' in PAGE for key in QUOTE.keys)


def test_every_word_is_in_an_example() -> None:
    def said(key: str) -> set[Any]:
        return {row.get(key) for row in ASKED} - {None}

    adds = {row.get("kind", "limit") for row in ASKED if row["do"] == "add"}
    assert adds == listed("kind") == words.KINDS.keys()
    assert said("tif") | {"gtc"} == words.TIFS.keys()
    assert said("peg") == words.PEGS.keys()
    assert said("post_only") == words.POST_ONLY.keys()
    assert said("book") | {"lit"} == words.BOOKS.keys()
    assert said("state") == words.STATES.keys()
    assert {"mark", "either"} == said("trigger") and "last" in PAGE
    assert all(scope in table("do")["kill"] or scope in PAGE for scope in words.SCOPES)


def test_every_rule_is_in_the_table_and_in_an_example() -> None:
    together = {rule for rules in words.RULES_OF.values() for rule in rules}
    assert listed("rule") == (RULES - together) | words.RULES_OF.keys()
    for rule, cell in table("rule").items():
        if rule in words.RULES_OF:
            assert set(words.RULES_OF[rule]) <= names(cell)
        for word in words.RULE_WORDS.get(rule, {}):
            assert (f'"{word}"' if isinstance(word, str) else str(word).lower()) in cell, rule
    given = [row.get("rules", {}) for row in ASKED]
    used = {rule for rules in given for rule in rules}
    used |= {rule for rules in given for key in words.RULES_OF for rule in rules.get(key, {})}
    assert RULES <= used


def test_every_answer_and_every_reason_of_a_cancel_is_in_an_example() -> None:
    answers = {"released", "trailed", "adjusted", "rearm_asked", "rearmed"} | table("ev").keys()
    assert {row["ev"] for row in ANSWERED} == answers
    gone = {row["reason"] for row in ANSWERED if row["ev"] == "cancelled"}
    assert gone == listed("reason of cancelled") and gone <= set(CANCEL_REASONS.values())


X = {"do": "add", "instrument": "X", "account": "a", "side": "buy", "price": 10, "quantity": 5}
LONGER: list[tuple[list[dict[str, Any]], dict[str, Any]]] = [
    (
        [
            {"do": "instrument", "instrument": "D", "book": "dark", "rules": {"firm_up_ns": 9}},
            {"do": "mark", "instrument": "D", "price": 10},
            {"do": "add", "instrument": "D", "order": 1, "side": "sell", "price": 10, "quantity": 5},
            {"do": "request", "instrument": "D", "order": 2, "account": "a", "side": "buy", "quantity": 5},
            {"do": "respond", "order": 3, "to": 2, "account": "b", "price": 10, "quantity": 5},
        ],
        {"ev": "rejected", "order": 3, "reason": "not_your_order"},
    ),
    (
        [
            {"do": "instrument", "instrument": "X"},
            {**X, "order": 1},
            *({**X, "order": n, "parent": 1} for n in range(2, 19)),
        ],
        {"ev": "rejected", "order": 18, "reason": "limit_reached"},
    ),
    (
        [
            {"do": "instrument", "instrument": "X"},
            {**X, "order": 1},
            {**X, "order": 2, "account": "b", "side": "sell", "quantity": 3},
            {"do": "replace", "order": 1, "quantity": 3},
        ],
        {"ev": "rejected", "order": 1, "reason": "quantity_not_above_filled"},
    ),
    (
        [
            {"do": "instrument", "instrument": "X", "rules": {"expiry": 5}},
            {"do": "time", "time": 5},
            {"do": "session", "instrument": "X", "state": "continuous"},
        ],
        {"ev": "error", "field": "state", "reason": "expired"},
    ),
    ([{"do": "kill", "scope": "account"}], {"ev": "error", "field": "scope", "reason": "unknown_account"}),
    (
        [{"do": "instrument", "instrument": "X", "ticks": [[price, 1] for price in range(1, 66)]}],
        {"ev": "error", "field": "ticks", "reason": "limit_reached"},
    ),
    (
        [
            {"do": "instrument", "instrument": "X"},
            {**X, "order": 1, "price": 1, "quantity": 10**12},
            {**X, "order": 2, "account": "b", "side": "sell", "price": 1, "quantity": 10**12},
            {"do": "bust", "trade": 1, "price": 10**15},
        ],
        {"ev": "error", "field": "trade", "reason": "notional_too_large"},
    ),
    (
        [
            {"do": "instrument", "instrument": "S", "book": "sealed"},
            {"do": "session", "instrument": "S", "state": "halted"},
            {"do": "clear", "instrument": "S"},
        ],
        {"ev": "error", "field": "instrument", "reason": "instrument_halted"},
    ),
]


@pytest.mark.parametrize(("given", "last"), LONGER, ids=[last["reason"] for _, last in LONGER])
def test_a_reason_that_takes_more_rows(given: list[dict[str, Any]], last: dict[str, Any]) -> None:
    door = Door()
    assert [answer for row in given for answer in door.take(row)][-1] == last


def test_the_reasons_of_refusals_are_those_that_the_tests_see() -> None:
    seen = ANSWERED + [row for _, row in BAD] + [row for _, row in LONGER]
    refused = {row["reason"] for row in seen if row["ev"] == "rejected"}
    assert refused == listed("reason of rejected") <= set(REASONS.values())
    errors = {row["reason"] for row in seen if row["ev"] == "error"} & set(REASONS.values())
    after = PAGE.split("Reasons of `error` from the engine:")[1].split("\n\n")[0]
    assert errors == names(re.sub(r"\(.*?\)", "", after))
