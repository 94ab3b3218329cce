"""Whatever colour a team chooses, its portal can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cornerspot.kit.colours import DARK_SURFACE, LIGHT_SURFACE, contrast, dark_shades, is_colour, light_shades

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(colours)
def test_text_on_the_accent_and_in_the_accent_can_be_read(accent):
    for shades, surface in ((light_shades(accent), LIGHT_SURFACE), (dark_shades(accent), DARK_SURFACE)):
        assert contrast(shades.on_accent, shades.accent) >= 4.5
        assert contrast(shades.ink, shades.wash) >= 4.5
        assert contrast(shades.ink, surface) >= 4.5
        assert contrast(shades.accent, surface) >= 1.3


@given(colours)
def test_shades_are_colours(accent):
    shades = light_shades(accent)
    assert all(is_colour(shade) for shade in (shades.accent, shades.hover, shades.ink, shades.wash, shades.on_accent))


@pytest.mark.parametrize("accent", ["#3650df", "#ffd400"])
def test_a_colour_that_can_be_seen_stays_as_it_is(accent):
    assert light_shades(accent).accent == accent


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("text", ["", "red", "#fff", "#3650DF", "3650df", "#3650dfa", "#3650dg"])
def test_anything_else_is_no_colour(text):
    assert not is_colour(text)
