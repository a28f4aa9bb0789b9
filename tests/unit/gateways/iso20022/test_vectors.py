"""Recorded documents: the schema's verdict is that of their labels, wherever the schema is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from isthmus.gateways.iso20022.schemas import NAMESPACE, Schemas, schemas_of
from isthmus.gateways.iso20022.validation import validate


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture(scope="module")
def schemas(test_data: Path) -> Schemas:
    return schemas_of(test_data / "protocols/iso20022/xsd")


def test_every_generated_document_gets_the_verdict_of_its_label(test_data: Path, schemas: Schemas) -> None:
    found = rows(test_data / "protocols/iso20022/xsd-vectors.jsonl")
    wrong = [
        row["id"] for row in found if validate(row["xml"], schemas).schema != ("valid" if row["valid"] else "invalid")
    ]
    assert len(found) > 50
    assert wrong == []


def test_every_public_sample_gets_the_verdict_of_its_label(test_data: Path, schemas: Schemas) -> None:
    found = [row for row in rows(test_data / "protocols/iso20022/public-samples.jsonl") if row["msg"]]
    known = [row for row in found if schemas.for_namespace(NAMESPACE + row["msg"]) is not None]
    assert len(known) > 10
    for row in found:
        report = validate(row["xml"], schemas)
        if report.rules and report.rules[0].rule == "doctype":
            continue
        expected = "not_checked" if row not in known else "valid" if row["xsd"] == "valid" else "invalid"
        assert (report.message, report.schema) == (row["msg"], expected), row["path"]
