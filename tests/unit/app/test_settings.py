"""Settings come from three places, and the nearest to the person wins."""

import argparse
from pathlib import Path

import pytest

from isthmus.app.arguments import build_parser
from isthmus.app.pipeline import markets_of
from isthmus.app.settings import Settings, read_settings
from isthmus.kernel.errors import BadInput


def given(*words: str) -> argparse.Namespace:
    return build_parser("1").parse_args(["serve", *words])


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = read_settings(given())
    assert (settings.host, settings.port, settings.speed, settings.durability) == ("127.0.0.1", 8080, 1.0, "group")


def test_a_file_goes_over_the_defaults_and_the_command_line_over_both(tmp_path: Path) -> None:
    file = tmp_path / "broker.toml"
    file.write_text('port = 9000\nhost = "0.0.0.0"\n[limits.stream]\nheartbeat_s = 2\n')
    settings = read_settings(given("--config", str(file), "--port", "0"))
    assert (settings.port, settings.host, settings.limits.stream.heartbeat_s) == (0, "0.0.0.0", 2)
    assert settings.limits.stream.auth_s == read_settings(given()).limits.stream.auth_s


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("prot = 1", "prot"),
        ("[limits]\nbody = 1", "limits.body"),
        ("[limits]\nbody_bytes = 0", "limits.body_bytes"),
        ("[limits.stream]\nauth_s = 1.5", "limits.stream.auth_s"),
        ('durability = "none"', "durability"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_its_key(tmp_path: Path, text: str, field: str) -> None:
    file = tmp_path / "broker.toml"
    file.write_text(text)
    with pytest.raises(BadInput) as caught:
        read_settings(given("--config", str(file)))
    assert caught.value.field == field


def test_settings_are_frozen() -> None:
    settings: Settings = read_settings(given())
    with pytest.raises(AttributeError):
        settings.port = 1  # type: ignore[misc]


def test_reacting_markets_are_played_beside_the_others_when_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "broker.toml"
    file.write_text("[reacting]\nplay = true\n[reacting.faults.aurora]\ntwice = 0.5\n")
    assert len(markets_of(read_settings(given()))) == 1
    rows = [row["instrument"] for row in markets_of(read_settings(given("--config", str(file))))[1].listing()]
    assert rows == ["NOVA", "XBT-USD"]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[reacting.faults.nowhere]\ntwice = 0.5", "faults"),
        ("[reacting.faults.aurora]\ntwice = 1.5", "reacting.faults[...].twice"),
        ("[reacting.faults.aurora]\nthrice = 0.5", "reacting.faults[...].thrice"),
        ("[reacting]\nday_s = 5", "reacting.day_s"),
    ],
)
def test_faults_and_days_that_do_not_fit_are_refused(tmp_path: Path, text: str, field: str) -> None:
    file = tmp_path / "broker.toml"
    file.write_text(f"{text}\n" if text.startswith("[reacting]") else f"[reacting]\nplay = true\n{text}\n")
    with pytest.raises(BadInput) as caught:
        markets_of(read_settings(given("--config", str(file))))
    assert caught.value.field == field
