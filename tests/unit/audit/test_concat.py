"""A natural person's designation as RTS 22, Article 6 has it: ESMA's examples, and laws of every name."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from isthmus.audit.concat import FILLING, PREFIXES, TITLES, annex, concat, kinds_of, nationality_of, plain
from isthmus.kernel.errors import BadInput

EXAMPLES = [
    ("1980-01-13", "John", "O'Brian", "19800113JOHN#OBRIA"),
    ("1981-02-14", "Ludwig", "Van der Rohe", "19810214LUDWIROHE#"),
    ("1973-03-22", "Victor", "Vandenberg", "19730322VICTOVANDE"),
    ("1976-03-15", "Eli", "Ødegård", "19760315ELI##ODEGA"),
    ("1966-04-16", "Willeke", "de Bruijn", "19660416WILLEBRUIJ"),
    ("1965-04-17", "Jon Ian", "Dewitt", "19650417JON##DEWIT"),
    ("1990-05-17", "Amy-Ally", "Garção de Magalhães", "19900517AMYALGARCA"),
    ("1990-06-18", "Giovani", "dos Santos", "19900618GIOVASANTO"),
    ("1980-07-15", "Günter", "Voẞ", "19800715GUNTEVOS##"),
    ("1951-12-12", "Thomas", "Maccormack", "19511212THOMAMACCO"),
    ("1980-01-22", "Sir Jon", "Snow", "19800122JON##SNOW#"),
    ("1980-05-02", "Dr. Robert", "Ford", "19800502ROBERFORD#"),
    ("1980-05-02", "Anna", "von Groß", "19800502ANNA#GROS#"),
    ("1980-05-02", "Anna", "de l’ Isle", "19800502ANNA#ISLE#"),
    ("1980-05-02", "Anna", "Von", "19800502ANNA#VON##"),
    ("1980-05-02", "Ṡeán", "Ó Néill", "19800502SEAN#NEILL"),
]
NAME = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x24F), min_size=1, max_size=40)
DATES = st.dates().map(lambda day: f"{day:%Y}".zfill(4) + f"-{day:%m-%d}")


def not_left_out(name: str) -> bool:
    return (name,) not in PREFIXES and name not in TITLES


@pytest.mark.parametrize(("born", "given_name", "family", "expected"), EXAMPLES)
def test_the_examples_of_the_guidelines_come_out(born: str, given_name: str, family: str, expected: str) -> None:
    assert concat(born, [given_name], [family]) == expected


@given(DATES, NAME, NAME)
def test_whatever_the_name_it_is_18_characters_or_a_refusal_by_field(born: str, first: str, last: str) -> None:
    if not plain(first) or not plain(last):
        with pytest.raises(BadInput) as refused:
            concat(born, [first], [last])
        assert refused.value.field in ("given_names", "family_names")
        return
    assume(len(first.split()) == len(last.split()) == 1)
    made = concat(born, [first], [last])
    assert re.fullmatch(r"[0-9]{8}([A-Z]{5}|[A-Z]{1,4}#{1,4}){2}", made) and len(made) == 18
    assert made[:8] == born.replace("-", "")


@given(DATES, st.text("abcdefghijklmnopqrstuvwxyzäöüßøłçéñ", min_size=1, max_size=20).filter(not_left_out), NAME)
def test_case_accents_and_punctuation_do_not_change_it(born: str, first: str, last: str) -> None:
    assume(plain(last))
    made = concat(born, [first], [last])
    decomposed = unicodedata.normalize("NFD", first)
    assert concat(born, [decomposed], [last]) == made
    assert concat(born, [f"Dr. {first}"], [last]) == made
    assert concat(born, [f"{first} second"], [last])[:13] == made[:13]
    assert made[8:13].rstrip(FILLING) == plain(first)[:5]


@given(st.sampled_from(sorted(PREFIXES)), st.text("abcdefghijklm", min_size=6, max_size=12))
def test_a_prefix_is_left_out_where_it_stands_alone_and_kept_where_it_is_grown_to_the_name(
    prefix: tuple[str, ...], name: str
) -> None:
    apart = concat("1980-01-01", ["ann"], [f"{' '.join(prefix)} {name}"])
    assert apart == concat("1980-01-01", ["ann"], [name])
    grown = concat("1980-01-01", ["ann"], [f"{''.join(prefix)}{name}"])
    assert grown[13:] == plain(f"{''.join(prefix)}{name}")[:5]


def test_a_name_without_a_latin_letter_is_refused_by_its_field() -> None:
    with pytest.raises(BadInput) as refused:
        concat("1980-01-01", ["Ελένη"], ["Papas"])
    assert refused.value.field == "given_names" and "Ελένη" not in refused.value.reason


@given(st.lists(st.sampled_from([*annex(), "US", "JP"]).filter(lambda country: country != "others"), min_size=1))
def test_an_eea_nationality_counts_before_others_and_then_the_alphabet(countries: list[str]) -> None:
    eea = sorted(country for country in countries if annex().get(country, annex()["others"]).eea)
    assert nationality_of(countries) == (eea or sorted(countries))[0]


def test_annex_ii_says_what_identifies_whom() -> None:
    assert kinds_of("DE") == ["CONCAT"] and kinds_of("IT") == ["NIDN"] and kinds_of("NL")[0] == "CCPT"
    assert kinds_of("US") == ["CCPT", "CONCAT"]
    assert len(annex()) == 32 and all(row.kinds for row in annex().values())
