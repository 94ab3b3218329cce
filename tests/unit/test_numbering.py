"""Number patterns: what they make, what they could make, what they may not be."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cornerspot.billing.numbering import format_number, looks_like, require_pattern
from cornerspot.kit.errors import Invalid

ON = date(2026, 3, 9)


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("INV-{seq:06}", "INV-000042"),
        ("{YYYY}/{MM}/{seq}", "2026/03/42"),
        ("R{YY}{seq:03}", "R26042"),
        ("No. {seq} (a+b)", "No. 42 (a+b)"),
    ],
)
def test_a_pattern_makes_its_number_and_knows_it_again(pattern, number):
    require_pattern(pattern, restart_yearly=False)
    assert format_number(pattern, 42, ON) == number
    assert looks_like(pattern, number)


@pytest.mark.parametrize("number", ["INV-42", "INV-00004x", "XINV-000042", "INV-000042 ", "ACME 7"])
def test_other_forms_stay_free_for_manual_numbers(number):
    assert not looks_like("INV-{seq:06}", number)


@pytest.mark.parametrize("number", ["inv-000042", "INV-1000000"])
def test_numbers_to_come_and_other_letter_cases_are_taken(number):
    assert looks_like("INV-{seq:06}", number)


@pytest.mark.parametrize("pattern", ["", "INV", "{seq}{seq}", "{seq}{day}", "{seq", "{seq}}", "{seq}\n", "{}{seq}"])
def test_a_pattern_that_cannot_number_is_refused(pattern):
    with pytest.raises(Invalid) as caught:
        require_pattern(pattern, restart_yearly=False)
    assert caught.value.field == "number_pattern"


def test_a_yearly_restart_needs_the_year():
    require_pattern("{YY}-{seq}", restart_yearly=True)
    with pytest.raises(Invalid, match="needs the year"):
        require_pattern("{seq}", restart_yearly=True)


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="{}", exclude_categories=["C", "Z"]), max_size=12),
    st.integers(1, 10**9),
    st.integers(1, 10**9),
    st.sampled_from(["{seq}", "{seq:03}", "{seq:06}"]),
)
def test_two_counter_values_never_give_one_number(literal, one, other, sequence):
    pattern = f"{literal}{{YYYY}}-{sequence}"
    assert (format_number(pattern, one, ON) == format_number(pattern, other, ON)) == (one == other)
    assert looks_like(pattern, format_number(pattern, one, ON))
