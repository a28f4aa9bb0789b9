"""A witness over HTTP: what it answers, what it keeps, and what it refuses to start with."""

import asyncio
import base64
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from tests.unit.audit.naive_log import NaiveLog

from isthmus.app.cli import main
from isthmus.app.witness_host import WitnessHost
from isthmus.audit.witness import MOST_BYTES, log_key
from isthmus.audit.witness_key import kept_key, witness_key
from isthmus.engine.proofs import VerifierKey
from isthmus.kernel.errors import BadInput

NAME = "w.test"
Ask = Callable[..., httpx.Response]


def body(old: int, note: str, proof: list[bytes]) -> bytes:
    lines = "".join(base64.b64encode(one).decode() + "\n" for one in proof)
    return f"old {old}\n{lines}\n{note}".encode()


def asked(host: WitnessHost) -> Ask:
    """Requests to the application itself, without a socket."""

    def ask(method: str, target: str, content: bytes | AsyncIterator[bytes] = b"") -> httpx.Response:
        async def one() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(cast(Any, host.application)), base_url="http://w"
            ) as client:
                return await client.request(method, target, content=content)

        return asyncio.run(one())

    return ask


def host_of(folder: Path, *logs: VerifierKey) -> WitnessHost:
    folder.mkdir(exist_ok=True)
    return WitnessHost.of(kept_key(folder / "witness.key", NAME), "uk-fca", logs, folder, lambda: 7_000_000_000)


@pytest.fixture
def log() -> NaiveLog:
    made = NaiveLog("example.test/journal")
    made.append(b"one", b"two")
    return made


def test_a_head_is_cosigned_over_http_and_shown_to_who_watches(tmp_path: Path, log: NaiveLog) -> None:
    ask = asked(host_of(tmp_path, log_key(log.vkey)))
    answer = ask("POST", "/add-checkpoint", body(0, log.sign(), []))
    assert (answer.status_code, answer.text.split(" ")[1]) == (200, NAME)
    (head,) = ask("GET", "/heads").json()["heads"]
    assert (head["origin"], head["counter"], head["size"], head["note"]) == (log.origin, 1, 2, log.checkpoint)


def test_the_size_that_is_held_is_told_in_the_form_of_tlog_witness(tmp_path: Path, log: NaiveLog) -> None:
    ask = asked(host_of(tmp_path, log_key(log.vkey)))
    ask("POST", "/add-checkpoint", body(0, log.sign(), []))
    answer = ask("POST", "/add-checkpoint", body(0, log.sign(), []))
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (409, "2\n", "text/x.tlog.size")


def test_one_witness_keeps_two_logs_apart(tmp_path: Path, log: NaiveLog) -> None:
    other = NaiveLog("example.test/orders", seed=2)
    other.append(b"x")
    ask = asked(host_of(tmp_path, log_key(log.vkey), log_key(other.vkey)))
    assert ask("POST", "/add-checkpoint", body(0, log.sign(), [])).status_code == 200
    assert ask("POST", "/add-checkpoint", body(0, other.sign(), [])).status_code == 200
    assert [head["size"] for head in ask("GET", "/heads").json()["heads"]] == [2, 1]


def test_reports_are_shown_with_both_notes(tmp_path: Path, log: NaiveLog) -> None:
    ask = asked(host_of(tmp_path, log_key(log.vkey)))
    first = log.sign()
    ask("POST", "/add-checkpoint", body(0, first, []))
    forked = log.sign(leaves=list(reversed(log.leaves)))
    assert ask("POST", "/add-checkpoint", body(2, forked, [])).status_code == 409
    (report,) = ask("GET", "/reports").json()["reports"]
    assert (report["kind"], report["held"], report["given"]) == ("fork", first, forked)


@pytest.mark.parametrize(
    ("method", "target", "content", "status"),
    [
        ("POST", "/add-checkpoint", b"x" * (MOST_BYTES + 1), 413),
        ("POST", "/add-checkpoint", b"", 404),
        ("POST", "/add-checkpoint", b"old 0\n\nother.test\n1\nAA\n\n", 404),
        ("POST", "/add-checkpoint", b"old 0\n\nexample.test/journal\n1\nAA\n\n", 400),
        ("GET", "/add-checkpoint", b"", 404),
        ("GET", "/", b"", 404),
    ],
    ids=["long", "empty", "other log", "bad root", "wrong method", "nothing there"],
)
def test_what_is_no_request_is_refused(
    tmp_path: Path, log: NaiveLog, method: str, target: str, content: bytes, status: int
) -> None:
    assert asked(host_of(tmp_path, log_key(log.vkey)))(method, target, content).status_code == status


def test_the_key_is_made_once_for_its_owner_only_and_shown_in_no_text(tmp_path: Path) -> None:
    path = tmp_path / "witness.key"
    made = kept_key(path, NAME)
    assert path.stat().st_mode & 0o777 == 0o600
    assert kept_key(path, NAME).vkey == made.vkey
    assert witness_key(made.vkey) == made.public
    secret = base64.b64encode(b"\x04" + made.secret.private_bytes_raw()).decode()
    assert secret in path.read_text()
    assert secret not in repr(made) + made.vkey


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_key_that_others_can_read_is_refused_by_name(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "witness.key"
    kept_key(path, NAME)
    path.chmod(mode)
    with pytest.raises(BadInput, match="loose_permissions"):
        kept_key(path, NAME)


def test_a_key_of_another_witness_and_a_changed_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "witness.key"
    kept_key(path, NAME)
    with pytest.raises(BadInput, match="other_name"):
        kept_key(path, "other.test")
    whole = path.read_bytes()
    for place in range(len(whole) - 1):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(bytes(changed))
        with pytest.raises(BadInput):
            kept_key(path, NAME)


@pytest.mark.parametrize("text", ["", "a+b+c", "w.test+00000000+BAAA"])
def test_a_public_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="bad_key"):
        witness_key(text)


def words(folder: Path, *logs: NaiveLog) -> list[str]:
    keys = [word for log in logs for word in ("--log-vkey", log.vkey)]
    return ["audit", "witness", "serve", "--jurisdiction", "uk-fca", "--state", str(folder), *keys]


def refused(capsys: pytest.CaptureFixture[str], *given: str) -> tuple[int, dict[str, Any]]:
    code = main([*given, "--json"])
    return code, json.loads(capsys.readouterr().out)["error"]


def test_a_process_serves_until_it_is_stopped_and_its_folder_is_its_own(
    tmp_path: Path, log: NaiveLog, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-c", "import sys; from isthmus.app.cli import main; sys.exit(main())"]
    with subprocess.Popen([*command, *words(tmp_path / "s", log)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert (ready["event"], ready["jurisdiction"]) == ("ready", "uk-fca")
        assert ready["url"].startswith("http://127.0.0.1:")
        answer = httpx.post(f"{ready['url']}/add-checkpoint", content=body(0, log.sign(), []))
        assert answer.status_code == 200
        assert refused(capsys, *words(tmp_path / "s", log))[1]["field"] == "state"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_what_it_cannot_start_with_is_named(tmp_path: Path, log: NaiveLog, capsys: pytest.CaptureFixture[str]) -> None:
    given = words(tmp_path, log)
    assert refused(capsys, *given, "--port", "70000") == (
        2,
        {"field": "port", "reason": "must be from 0 to 65535", "line": None},
    )
    assert refused(capsys, *words(tmp_path, log, log))[1]["field"] == "log_vkey"
    given[given.index("uk-fca")] = "xx-none"
    assert refused(capsys, *given)[1]["field"] == "jurisdiction"
