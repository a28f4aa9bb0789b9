"""A day's books are proven and verified; the public part shows no client and no amount; what was changed is named."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.app.zk_day import ANN_COINS, BOB_MONEY, CLIENTS, DAY, LINE, NEXT_DAY, traded

from isthmus.app.audit_trail import Trail
from isthmus.app.cli import main
from isthmus.app.zk_figures import _Books, _reserves, figures_of
from isthmus.app.zk_folder import folder_of, name_of
from isthmus.audit.zero.binding import head_of
from isthmus.audit.zero.figures import Leg, Reserve, Standing
from isthmus.audit.zero.proof import Bound, Proof, read
from isthmus.audit.zero.proving import prove
from isthmus.audit.zero.verifying import verify
from isthmus.engine.proofs import Signer, VerifierKey
from isthmus.engine.zero import WIDTH
from isthmus.kernel.errors import BadInput
from isthmus.ledger.chart import opened_account

Run = Callable[..., tuple[int, dict[str, Any]]]
BOUND = Bound(bytes(range(32)), 1, bytes(range(32)), None)


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = traded(tmp_path_factory.mktemp("zk") / "data")
    assert main(["zk", "prove", "--data", str(data), "--day", DAY, "--json"]) == 0
    return data


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def answer(*words: str) -> tuple[int, dict[str, Any]]:
        code = main(["zk", *words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return answer


def public_of(data: Path) -> Path:
    return folder_of(data, DAY) / "public"


def test_a_day_of_trades_is_proven_in_the_order_of_the_claims(proven: Path, run: Run) -> None:
    code, told = run("verify", "--data", str(proven), "--day", DAY)
    assert (code, told["ok"]) == (0, True)
    assert [claim["name"] for claim in told["claims"]] == ["sums_open", "inside_limits", "solvent"]
    assert all(claim["ok"] and claim["commitments"] and claim["not_proven"] for claim in told["claims"])
    assert told["claims"][2]["detail"] == {"BTC": ["venues", "world"], "USD": ["custodians", "venues"]}


def test_the_public_part_alone_verifies_by_either_argument(proven: Path, run: Run) -> None:
    for words in (("--public", str(public_of(proven))), ("--data", str(public_of(proven)))):
        assert run("verify", *words)[0] == 0


def test_the_figures_are_those_of_the_end_of_the_day(proven: Path) -> None:
    figures = figures_of(proven, DAY)
    standings = {(row.account, row.asset): row for row in figures.standings}
    assert standings["client:cid-oyelaran", "USD"].used == 6_003
    assert standings["client:cid-oyelaran", "USD"].line == LINE
    assert standings["client:ann-kuznetsova", "BTC"].owed == ANN_COINS - 250_100_000
    totals: dict[tuple[str, int], int] = {}
    for leg in figures.legs:
        totals[leg.asset, leg.sequence] = totals.get((leg.asset, leg.sequence), 0) + leg.amount
    assert totals
    assert set(totals.values()) == {0}
    later = figures_of(proven, NEXT_DAY)
    assert {leg.sequence for leg in later.legs}.isdisjoint({leg.sequence for leg in figures.legs})


def test_the_public_part_shows_no_client_and_no_amount(proven: Path) -> None:
    figures = figures_of(proven, DAY)
    public = [path for path in public_of(proven).rglob("*") if path.is_file()]
    shown = b"".join(path.read_bytes() for path in public)
    proof = msgspec.to_builtins(read(public_of(proven)))
    binary = b"".join(base64.b64decode(text) for text in _texts(proof) if _is_base64(text))
    amounts = {BOB_MONEY, ANN_COINS, LINE} | {abs(row.balance) for row in figures.standings}
    for amount in (amount for amount in amounts if amount > 10_000):
        assert str(amount).encode() not in shown
        assert all(amount.to_bytes(8, order) not in binary for order in ("big", "little"))
    for account in {row.account for row in figures.standings} | {leg.account for leg in figures.legs}:
        assert account.encode() not in shown
        assert account.partition(":")[2].encode() not in shown
    numbers = {key for row in _objects(proof) for key in row if isinstance(row[key], int)}
    assert numbers == {"sequence"}, "the only number is that of the last record"


def _objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(row for one in value.values() for row in _objects(one))]
    return [row for one in value for row in _objects(one)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    rows = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in rows for text in _texts(one)]


def _is_base64(text: str) -> bool:
    return len(text) >= 44 and len(text) % 4 == 0


def test_what_clients_and_the_broker_get_is_for_their_eyes_only(proven: Path, run: Run) -> None:
    private = folder_of(proven, DAY) / "private"
    assert {path.stat().st_mode & 0o777 for path in private.rglob("*.json")} == {0o600}
    own = private / "clients" / f"{name_of('client:' + CLIENTS[0])}.json"
    own.chmod(0o644)
    code, told = run("client", "--proof", str(own))
    own.chmod(0o600)
    assert (code, told["error"]["field"]) == (2, "proof")
    assert told["error"]["reason"].startswith("loose_permissions")


def test_each_client_finds_itself_and_a_changed_file_does_not(proven: Path, run: Run, tmp_path: Path) -> None:
    clients = folder_of(proven, DAY) / "private" / "clients"
    files = sorted(clients.iterdir())
    assert len(files) == len(CLIENTS) + 1, "the house's fees have legs too"
    for path in files:
        code, told = run("client", "--proof", str(path))
        assert (code, told["ok"]) == (0, True), told
    own = json.loads((clients / f"{name_of('client:' + CLIENTS[1])}.json").read_bytes())
    changes: dict[str, Callable[[dict[str, Any]], None]] = {
        "opening_differs": lambda own: own["rows"][0]["owed"].update(amount=own["rows"][0]["owed"]["amount"] + 1),
        "id_differs": lambda own: own.update(account="client:somebody"),
        "not_in_tree": lambda own: own["rows"][0].update(of=own["rows"][0]["of"] + 1),
        "not_in_proof": lambda own: own["legs"][0].update(asset="EUR"),
        "another_log": lambda own: own.update(day=NEXT_DAY),
        "out_of_range": lambda own: own["legs"][0]["opening"].update(amount=10**18 * 10**18 * 10**18),
    }
    for name, change in changes.items():
        changed = json.loads(json.dumps(own))
        change(changed)
        path = tmp_path / f"{name}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(changed))
        code, told = run("client", "--proof", str(path), "--public", str(public_of(proven)))
        assert (code, told["reason"].split(" ")[0].rstrip(":")) == (1, name)


def changed_proof(proof: Proof, **fields: Any) -> Proof:
    return msgspec.structs.replace(proof, **fields)


def swapped(many: bytes) -> bytes:
    return many[WIDTH : 2 * WIDTH] + many[:WIDTH] + many[2 * WIDTH :]


def test_whatever_is_changed_in_a_proof_is_refused_by_name(proven: Path) -> None:
    proof = read(public_of(proven))
    replace = msgspec.structs.replace
    sums, limits, solvent = proof.sums_open[1], proof.inside_limits[1], proof.solvent[1]
    cases: list[tuple[int, str, dict[str, Any]]] = [
        (0, "opening_fails", {"sums_open": [replace(sums, commitments=sums.commitments[WIDTH:])]}),
        (0, "opening_fails", {"sums_open": [replace(sums, asset="EUR")]}),
        (0, "opening_fails", {"sums_open": [replace(sums, commitments=swapped(sums.commitments))]}),
        (2, "range_fails", {"solvent": [replace(solvent, parts=solvent.parts | {"world": solvent.owed[:WIDTH]})]}),
        (0, "asset_twice", {"sums_open": [sums, sums]}),
        (0, "malformed", {"sums_open": [replace(sums, commitments=b"")]}),
        (0, "point_not_canonical", {"sums_open": [replace(sums, commitments=b"\xff" * WIDTH)]}),
        (1, "range_fails", {"inside_limits": [replace(limits, used=swapped(limits.used))]}),
        (1, "range_fails", {"inside_limits": [replace(limits, lines=limits.used)]}),
        (1, "proof_missing", {"inside_limits": [replace(limits, proofs=[])]}),
        (2, "other_root", {"solvent": [replace(solvent, owed=swapped(solvent.owed))]}),
        (2, "id_twice", {"solvent": [replace(solvent, ids=solvent.ids[:WIDTH] * (len(solvent.ids) // WIDTH))]}),
        (2, "range_fails", {"solvent": [replace(solvent, counted=[*solvent.counted, "world"])]}),
        (2, "malformed", {"solvent": [replace(solvent, counted=["moon"])]}),
        (2, "malformed", {"solvent": [replace(solvent, counted=["venues", "venues"])]}),
    ]
    for place, name, fields in cases:
        verdict = verify(changed_proof(proof, **fields))[place]
        assert not verdict.ok
        assert str(verdict.reason).startswith(name), (verdict.reason, name)


def test_a_proof_of_another_log_day_or_generator_is_refused(proven: Path, run: Run, tmp_path: Path) -> None:
    proof = read(public_of(proven))
    other = Bound(bytes(32), proof.bound.sequence, bytes(32), None)
    others: list[dict[str, Any]] = [{"bound": other}, {"day": NEXT_DAY}]
    for fields in others:
        assert not any(verdict.ok for verdict in verify(changed_proof(proof, **fields)))
    with pytest.raises(BadInput, match="wrong_generator"):
        verify(changed_proof(proof, generators=proof.generators[::-1]))
    with pytest.raises(BadInput, match="other_root"):
        verify(changed_proof(proof, bound=msgspec.structs.replace(proof.bound, root=bytes(32))))
    cases: list[tuple[int, int, str | None]] = [(LINE, 0, None), (LINE + 1, 1, "another_log")]
    for line, code, reason in cases:
        elsewhere = traded(tmp_path / str(line), line)
        folder_of(elsewhere, DAY).parent.mkdir(parents=True)
        folder_of(elsewhere, DAY).symlink_to(folder_of(proven, DAY))
        found, told = run("verify", "--data", str(elsewhere), "--day", DAY)
        assert (found, told["reason"] and told["reason"].split(":")[0]) == (code, reason)


def test_where_there_is_a_log_the_proof_is_bound_to_its_head(tmp_path: Path, run: Run) -> None:
    data = traded(tmp_path / "data")
    log = data / "audit/log/journal"
    log.mkdir(parents=True)
    root = base64.b64encode(b"r" * 32).decode()
    (log / "checkpoint").write_text(f"isthmus.local/demo/journal\n16\n{root}\n\n— signed\n")
    code, told = run("prove", "--data", str(data), "--day", DAY)
    assert (code, told["bound"]["to"], told["bound"]["root"]) == (0, "checkpoint", b"r".hex() * 32)
    heads = {"note": (log / "checkpoint").read_text()}
    (log / "checkpoint").write_text(f"isthmus.local/demo/journal\n17\n{root[:-2]}A=\n\n— signed\n")
    code, told = run("verify", "--data", str(data), "--day", DAY)
    assert (code, told["reason"].split(":")[0]) == (1, "another_log")
    (log / "heads").write_text(json.dumps(heads) + "\n")
    assert run("verify", "--data", str(data), "--day", DAY)[0] == 0


def test_the_head_of_a_real_trail_must_be_signed_by_the_logs_key(tmp_path: Path, run: Run) -> None:
    data = traded(tmp_path / "data")
    trail = Trail(data, "test", (1.0, 262_144), (lambda: 10**18, lambda: 1_000.0))
    while trail.step():
        pass
    trail.close()
    code, told = run("prove", "--data", str(data), "--day", DAY)
    assert (code, told["bound"]["to"]) == (0, "checkpoint")
    assert run("verify", "--data", str(data), "--day", DAY)[0] == 0
    public = ("verify", "--public", str(public_of(data)), "--vkey")
    own = data / "audit/keys/log.vkey"
    assert run(*public, str(own))[0] == 0
    stranger = tmp_path / "stranger"
    Signer.generate(VerifierKey.parse(own.read_text()).name, 1).write(str(stranger))
    code, told = run(*public, Signer.read(str(stranger)).vkey)
    assert (code, told["reason"].split(":")[0]) == (1, "not_signed")


def test_a_record_is_no_signed_head(proven: Path, run: Run) -> None:
    key = Signer.generate("isthmus.local/test/journal", 1).vkey
    code, told = run("verify", "--public", str(public_of(proven)), "--vkey", key)
    assert (code, told["reason"].split(":")[0]) == (1, "not_signed")


def test_only_what_lies_outside_for_clients_is_reserve() -> None:
    books = _Books(assets={1: "USD", 2: "BTC"})
    for number, kind, path, side in (
        (16, 1, "client:ann", 0), (17, 5, "custodian:a:client", 1), (18, 5, "custodian:a:firm", 2),
        (19, 3, "venue:v", 0), (20, 2, "house:h", 0),
    ):  # fmt: skip
        books.accounts[number] = opened_account(number, kind, (path, side), 1, ())
    books.balances = {(17, 1): -70, (18, 1): -500, (19, 1): 5, (1, 1): -3, (20, 1): 9, (1, 2): -8, (16, 2): 8}
    assert _reserves(books) == [
        Reserve("USD", {"custodians": 70, "venues": -5, "world": 3}, ("custodians", "venues")),
        Reserve("BTC", {"custodians": 0, "venues": 0, "world": 8}, ("venues", "world")),
    ]


@pytest.mark.parametrize("text", ["", "a\n1\n", "a\nx\nAAAA\n\n", "a\n1\nAAAA\n\n", "\n1\n" + "A" * 43 + "=\n\n"])
def test_a_text_that_is_no_checkpoint_is_none(text: str) -> None:
    assert head_of(text) is None


def claims_of(legs: list[Leg], standings: list[Standing], reserves: list[Reserve]) -> list[str | None]:
    from isthmus.audit.zero.figures import Figures

    made = prove(Figures(DAY, 1, bytes(range(32)), legs, standings, reserves), BOUND)
    return [verdict.reason for verdict in verify(made.proof)]


def test_money_made_of_nothing_a_limit_passed_and_a_hole_in_the_reserve_are_told() -> None:
    legs = [Leg("a", "USD", 1, -5), Leg("b", "USD", 1, 6)]
    standings = [Standing("a", "USD", -11, 10), Standing("b", "USD", 100, 0)]
    reserves = [Reserve("USD", {"custodians": 99}, ("custodians",))]
    assert claims_of(legs, standings, reserves) == ["opening_fails (USD)", "beyond_limit (USD)", "not_covered (USD)"]


def test_what_is_just_enough_is_proven_and_debts_cover_nothing() -> None:
    standings = [Standing(f"c{place}", "USD", 1, 0) for place in range(20)] + [Standing("d", "USD", -10, 10)]
    for reserve, reason in ((20, None), (19, "not_covered (USD)")):
        reserves = [Reserve("USD", {"custodians": reserve}, ("custodians",))]
        assert claims_of([], standings, reserves) == [None, None, reason]


def test_amounts_beyond_64_bits_are_refused_by_name() -> None:
    reserves = [Reserve("USD", {"custodians": 1 << 65}, ("custodians",))]
    assert claims_of([], [Standing("a", "USD", 1 << 64, 0)], reserves)[2] == "out_of_range (USD)"


def test_bad_use_is_refused_by_name(tmp_path: Path, run: Run, proven: Path) -> None:
    for words, field in (
        (("prove", "--data", str(tmp_path), "--day", DAY), "data"),
        (("prove", "--data", str(proven), "--day", "yesterday"), "day"),
        (("prove", "--data", str(proven), "--day", "2025-12-31"), "day"),
        (("verify", "--data", str(proven)), "day"),
        (("prove", "--data", str(proven), "--day", DAY, "--threads", "-1"), "threads"),
        (("client", "--proof", str(tmp_path / "nowhere.json")), "proof"),
        (("verify", "--public", str(public_of(proven)), "--day", NEXT_DAY), "day"),
    ):
        code, told = run(*words)
        assert (code, told["error"]["field"]) == (2, field)
    (tmp_path / "proof.json").write_text('{"format":"isthmus-zk/2"}')
    assert "no proof of this format" in run("verify", "--public", str(tmp_path))[1]["error"]["reason"]


def test_every_changed_bit_of_the_public_file_is_refused(proven: Path, tmp_path: Path) -> None:
    content = (public_of(proven) / "proof.json").read_bytes()
    for place in range(0, len(content), 83):
        bit = 1 << place % 8
        (tmp_path / "proof.json").write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
        try:
            assert not all(verdict.ok for verdict in verify(read(tmp_path))), place
        except BadInput:
            continue
