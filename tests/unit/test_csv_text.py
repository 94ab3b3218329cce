"""CSV files: read back as written, and nothing in them runs."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cornerspot.kit.csv_text import csv_bytes

# A bare carriage return ends a line for readers; no field of ours can hold one.
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\0"))


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=5))
def test_texts_are_read_back_but_for_the_apostrophe(rows: list[list[str]]) -> None:
    _, *found = read(csv_bytes(["A", "B"], rows))
    assert [[cell.removeprefix("'") for cell in row] for row in found] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]


@pytest.mark.parametrize("text", ["=1+1", "+49 40", "-x", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_a_text(text: str) -> None:
    assert csv_bytes(["A"], [[text]]).decode("utf-8-sig").splitlines()[1].lstrip('"').startswith("'")


def test_numbers_stay_numbers_and_nothing_is_empty() -> None:
    [_, row] = read(csv_bytes(["A", "B", "C"], [[Decimal("-5.00"), None, 7]]))
    assert row == ["-5.00", "", "7"]


def test_the_file_says_that_it_is_utf_8() -> None:
    assert csv_bytes(["Ä"], []).startswith(b"\xef\xbb\xbf\xc3\x84")
