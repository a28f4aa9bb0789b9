"""Witnesses ask each other over HTTP, and the log for what proves or convicts it."""

import asyncio
import contextlib
import functools
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from tests.unit.app.test_witness_serve import refused, words
from tests.unit.audit.naive_log import NaiveLog

from isthmus.app.cli import main
from isthmus.app.witness_gossip import Gossiping, peers_of
from isthmus.app.witness_host import WitnessHost
from isthmus.app.witness_logs import LogPlace, NothingGiven
from isthmus.app.witness_serve import _Server
from isthmus.audit.split_view import check
from isthmus.audit.standing import Asked
from isthmus.audit.witness import Witness, log_key
from isthmus.audit.witness_key import kept_key
from isthmus.engine.proofs import ED25519, Checkpoint, Log, Signer
from isthmus.kernel.errors import BadInput

ORIGIN = "example.test/journal"


class Forks:
    """Two logs in files under one key; they share the first 100 entries."""

    def __init__(self, folder: Path) -> None:
        self.signer = Signer.generate(ORIGIN, ED25519)
        self.vkey = self.signer.vkey
        self.logs: dict[str, Log] = {}
        for name in ("a", "b"):
            log = self.logs[name] = Log(str(folder / name / "journal"), ORIGIN, self.vkey)
            log.append([f"{'' if at < 100 else name} {at}".encode() for at in range(600)])
            log.checkpoint(self.signer, 7)

    def show(self, witness: Witness, name: str, size: int) -> str:
        """The witness's cosigning of a head of this history."""
        log, old = self.logs[name], witness.head.size
        text = Checkpoint(ORIGIN, size, log.root_at(size)).text()
        note = f"{text}\n{self.signer.sign(text, 7)}\n"
        asked = Asked(note, size, lambda held: log.consistency(held, size))
        assert witness.add_checkpoint(asked.body(old), 7).status == 200
        return note


@pytest.fixture
def forks(tmp_path: Path) -> Forks:
    return Forks(tmp_path)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The folder of history `b`, as any static web server serves it."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Nothing on standard error."""

    handler = functools.partial(Quiet, directory=str(tmp_path / "b"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def host_of(folder: Path, name: str, vkey: str) -> WitnessHost:
    (folder / name).mkdir(exist_ok=True)
    key = kept_key(folder / f"{name}.key", f"w.test/{name}")
    return WitnessHost.of(key, "uk-fca", [log_key(vkey)], folder / name, lambda: 9_000_000_000)


def witness_of(host: WitnessHost) -> Witness:
    found = host._logs[ORIGIN]
    assert isinstance(found, Witness)
    return found


@contextlib.asynccontextmanager
async def served(host: WitnessHost) -> AsyncIterator[str]:
    """Its URL while it answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = _Server(uvicorn.Config(host.application, interface="asgi3", lifespan="off", log_config=None))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await running


def gossiped(one: WitnessHost, two: WitnessHost, peers: Path, logs: LogPlace | None) -> None:
    """One round of the first with the second as its peer, and with itself."""

    gossiping = Gossiping(one, peers, logs)

    def name(own: str, other: str) -> None:
        peers.write_text(f"# peers\n{own}\n\n{other}  # of another country\n")

    async def once() -> None:
        async with served(one) as own, served(two) as other:
            name(own, other)
            await gossiping.round()
            gossiping.close()

    asyncio.run(once())


@pytest.fixture(params=["folder", "url"])
def place(request: pytest.FixtureRequest, tmp_path: Path, web: str) -> Callable[[], LogPlace]:
    return lambda: LogPlace(str(tmp_path / "b") if request.param == "folder" else web)


def test_a_split_view_of_two_sizes_is_found_with_the_log_s_own_files_and_verified_by_anybody(
    tmp_path: Path, forks: Forks, place: Callable[[], LogPlace], capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = (host_of(tmp_path, name, forks.vkey) for name in ("one", "two"))
    forks.show(witness_of(one), "a", 150)
    forks.show(witness_of(two), "b", 521)
    gossiped(one, two, tmp_path / "peers", place())
    assert [peer.fault for peer in one.heads().peers] == [None, None]
    (view,) = one.split_views().split_views
    split = check(view, log_key(forks.vkey))
    assert (split.smaller.size, split.larger.size) == (150, 521)
    assert split.root == forks.logs["b"].root_at(150)
    (path,) = (tmp_path / "one").glob("*/split-views/*.json")
    assert main(["audit", "verify", "split-view", str(path), "--vkey", forks.vkey, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["log"], [head["size"] for head in told["heads"]]) == (True, ORIGIN, [150, 521])
    assert told["root"] not in [head["root"] for head in told["heads"]]


def test_two_views_of_one_history_agree_by_the_log_s_files(
    tmp_path: Path, forks: Forks, place: Callable[[], LogPlace]
) -> None:
    one, two = (host_of(tmp_path, name, forks.vkey) for name in ("one", "two"))
    forks.show(witness_of(one), "b", 520)
    forks.show(witness_of(two), "b", 257)
    gossiped(one, two, tmp_path / "peers", place())
    assert [peer.fault for peer in one.peers.values()] == [None, None]
    assert (one.reports().reports, one.split_views().split_views) == ([], [])


def test_a_head_that_was_sent_without_a_proof_convicts_the_log_by_its_own_files(
    tmp_path: Path, forks: Forks, web: str
) -> None:
    one = host_of(tmp_path, "one", forks.vkey)
    witness = witness_of(one)
    forks.show(witness, "a", 150)
    text = Checkpoint(ORIGIN, 521, forks.logs["b"].root_at(521)).text()
    sent = Asked(f"{text}\n{forks.signer.sign(text, 7)}\n", 521, lambda old: forks.logs["b"].consistency(old, 521))
    assert witness.add_checkpoint(sent.body(150), 8).status == 422
    asyncio.run(Gossiping(one, tmp_path / "none", LogPlace(web)).round())
    assert [report.kind for report in one.reports().reports] == ["unproven", "fork"]
    assert [check(view).larger.size for view in one.split_views().split_views] == [521]


def test_a_log_that_gives_no_proof_is_reported_and_told_with_the_reason(tmp_path: Path, forks: Forks, web: str) -> None:
    one, two = (host_of(tmp_path, name, forks.vkey) for name in ("one", "two"))
    forks.show(witness_of(one), "b", 520)
    forks.show(witness_of(two), "b", 257)
    (tmp_path / "b" / "journal" / "tile" / "0" / "001").unlink()
    gossiped(one, two, tmp_path / "peers", LogPlace(web))
    assert [report.kind for report in one.reports().reports] == ["withheld"]
    (told,) = (peer.fault for peer in one.peers.values() if peer.fault)
    assert told.startswith(f"{ORIGIN}: no proof between 257 and 520 entries: /journal/tile/0/001: status 404")


@pytest.mark.parametrize("origin", ["example.test/..", "example.test/", "x/y.z", ""])
def test_a_log_s_name_leads_to_no_other_folder(tmp_path: Path, origin: str) -> None:
    with pytest.raises(NothingGiven, match="names no folder"):
        asyncio.run(LogPlace(str(tmp_path)).given(origin, 1, 2))


def test_a_log_that_shows_less_than_it_signed_gives_nothing(tmp_path: Path, forks: Forks, web: str) -> None:
    with pytest.raises(NothingGiven, match="the log shows 600 entries, and signed a head of 700"):
        asyncio.run(LogPlace(web).given(ORIGIN, 5, 700))
    with pytest.raises(NothingGiven, match="out_of_range"):
        asyncio.run(LogPlace(str(tmp_path / "b")).given(ORIGIN, 5, 700))


def test_without_the_log_heads_of_one_size_are_compared_all_the_same(tmp_path: Path, forks: Forks) -> None:
    one, two = (host_of(tmp_path, name, forks.vkey) for name in ("one", "two"))
    forks.show(witness_of(one), "a", 150)
    forks.show(witness_of(two), "b", 150)
    gossiped(one, two, tmp_path / "peers", None)
    assert [report.kind for report in one.reports().reports] == ["fork"]
    assert two.reports().reports == [], "nobody told it yet"
    third = host_of(tmp_path, "three", forks.vkey)
    forks.show(witness_of(third), "a", 120)
    gossiped(third, one, tmp_path / "peers", None)
    assert third.split_views().split_views == one.split_views().split_views


def test_a_peer_that_does_not_answer_is_told_and_stops_nothing(tmp_path: Path, forks: Forks) -> None:
    one = host_of(tmp_path, "one", forks.vkey)
    (tmp_path / "peers").write_text("http://127.0.0.1:9\n")
    asyncio.run(Gossiping(one, tmp_path / "peers", None).round())
    (peer,) = one.heads().peers
    assert (peer.url, peer.time) == ("http://127.0.0.1:9", 9)
    assert "refused" in (peer.fault or "") or "connect" in (peer.fault or "").lower()
    (tmp_path / "peers").write_text("http://elsewhere.test\n")
    asyncio.run(Gossiping(one, tmp_path / "peers", None).round())
    assert "not encrypted" in (one.peers[""].fault or "")


def test_a_file_of_peers_that_is_not_there_yet_names_nobody(tmp_path: Path) -> None:
    assert peers_of(tmp_path / "none") == []
    (tmp_path / "many").write_text("".join(f"http://127.0.0.1:{port}\n" for port in range(1, 67)))
    with pytest.raises(BadInput, match="66 peers"):
        peers_of(tmp_path / "many")


def test_what_a_witness_cannot_gossip_with_is_named_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = words(tmp_path / "state", NaiveLog("example.test/journal"))
    assert refused(capsys, *given, "--gossip-every", "0")[1]["field"] == "gossip_every"
    assert refused(capsys, *given, "--logs", str(tmp_path / "none"))[1]["field"] == "logs"
    (tmp_path / "peers").write_text("\nftp://w.test\n")
    assert refused(capsys, *given, "--peers", str(tmp_path / "peers"))[1]["field"] == "peers:2"


def test_what_proves_no_split_view_is_refused_by_name(
    tmp_path: Path, forks: Forks, capsys: pytest.CaptureFixture[str]
) -> None:
    one = host_of(tmp_path, "one", forks.vkey)
    witness = witness_of(one)
    held = forks.show(witness, "a", 150)
    other = forks.show(witness_of(host_of(tmp_path, "two", forks.vkey)), "b", 150)
    assert witness.accuse(held, other, None, 9)
    (path,) = (tmp_path / "one").glob("*/split-views/*.json")
    told = json.loads(path.read_bytes())
    told["larger"] = told["smaller"]
    for content, name in ((json.dumps(told), "no_contradiction"), ("{", "malformed")):
        (tmp_path / "f").write_text(content)
        assert main(["audit", "verify", "split-view", str(tmp_path / "f"), "--json"]) == 1
        assert json.loads(capsys.readouterr().out)["reason"] == name
