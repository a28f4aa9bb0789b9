"""Commitments conserve what their amounts conserve, and what was changed is refused by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.engine import zero
from isthmus.engine.zero import About, Hidden, Stated, ZeroRefused

ABOUT = About("sums_open", bytes(32), "2026-01-05")
AMOUNTS = st.lists(st.integers(-(2**63), 2**63), min_size=1, max_size=6)


def name_of(refused: pytest.ExceptionInfo[ZeroRefused]) -> str:
    return str(refused.value.args[0])


@settings(max_examples=40, deadline=None)
@given(AMOUNTS, st.integers(-1, 1))
def test_a_sum_opens_to_zero_if_and_only_if_the_amounts_conserve(amounts: list[int], off: int) -> None:
    amounts = [*amounts, -sum(amounts) + off]
    blindings = zero.blindings(len(amounts))
    total = zero.combine(zero.commit(amounts, blindings))
    proof = zero.prove_opening(ABOUT, b"USD", total, (0, zero.combine_blindings(blindings)))
    if off == 0:
        zero.opening_holds(ABOUT, b"USD", total, 0, proof)
    else:
        with pytest.raises(ZeroRefused) as refused:
            zero.opening_holds(ABOUT, b"USD", total, 0, proof)
        assert name_of(refused) == "opening_fails"


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 255), min_size=1, max_size=5), st.data())
def test_range_proofs_hold_for_their_own_amounts_alone(amounts: list[int], data: st.DataObject) -> None:
    blindings = zero.blindings(len(amounts))
    [proof] = zero.prove_ranges(ABOUT, [Hidden(b"0", amounts, blindings)], bits=8)
    stated = Stated(b"0", zero.commit(amounts, blindings), proof)
    zero.range_holds(ABOUT, stated, bits=8)
    zero.ranges_hold(ABOUT, [stated], bits=8)
    changed = list(amounts)
    changed[data.draw(st.integers(0, len(amounts) - 1))] += 1
    other = Stated(b"0", zero.commit(changed, blindings), proof)
    with pytest.raises(ZeroRefused) as alone:
        zero.range_holds(ABOUT, other, 8)
    with pytest.raises(ZeroRefused) as together:
        zero.ranges_hold(ABOUT, [other], 8)
    assert (name_of(alone), name_of(together)) == ("range_fails", "range_fails")


def test_an_amount_of_more_bits_makes_no_proof() -> None:
    with pytest.raises(ZeroRefused) as refused:
        zero.prove_ranges(ABOUT, [Hidden(b"", [1], zero.blindings(1)), Hidden(b"", [256], zero.blindings(1))], bits=8)
    assert refused.value.args == ("out_of_range", 1)


def test_other_generators_points_and_scalars_are_refused_by_name() -> None:
    zero.check_generators(zero.generators())
    swapped = zero.generators()[32:] + zero.generators()[:32]
    acts: dict[str, Callable[[], object]] = {
        "wrong_generator": lambda: zero.check_generators(swapped),
        "point_not_canonical": lambda: zero.combine(b"\xff" * 32),
        "scalar_not_canonical": lambda: zero.commit([1], b"\xff" * 32),
        "malformed": lambda: zero.combine(bytes(33)),
    }
    for name, act in acts.items():
        with pytest.raises(ZeroRefused) as refused:
            act()
        assert name_of(refused) == name


def test_what_hides_amounts_does_not_print_them() -> None:
    assert "271828" not in repr(Hidden(b"place", [271_828], bytes(32)))
