"""`isthmus demo-keys` says why there are none."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from isthmus.app.demo_keys import DemoFile, DemoKey, demo_keys
from isthmus.kernel.errors import BadInput


def test_before_the_first_start_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no demo-keys\.json: start `isthmus serve"):
        demo_keys(tmp_path)


def test_a_file_whose_keys_are_gone_is_told_apart(tmp_path: Path) -> None:
    key = DemoKey("IKA", "secret")
    kept = DemoFile(url="http://127.0.0.1:1", account="acc-16", client=key, operator=key, auditor=key)
    (tmp_path / "demo-keys.json").write_bytes(msgspec.json.encode(kept))
    with pytest.raises(BadInput, match="no longer has the keys"):
        demo_keys(tmp_path)
