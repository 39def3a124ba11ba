"""Generated sales of shops: what is said to move them moves them, by as much."""

import numpy as np
import pytest

from datamodules.made.holiday_tables import holiday_columns
from datamodules.sets.shops import Shops


def effects(panel, shop):
    """Of promotion, warmth, holiday on the logarithm of one shop's sales, by least squares beside week and year."""
    rows = slice(*panel.offsets[shop : shop + 2])
    steps = np.arange(panel.lengths[shop])
    holiday = holiday_columns(panel.clock, steps, "US-federal")["is_holiday"]
    year = [wave(2 * np.pi * steps / 365) for wave in (np.sin, np.cos)]
    week = np.eye(7)[steps % 7]
    columns = np.column_stack([panel.known[rows, 0], panel.past[rows, 0], holiday, *year, week])
    return np.linalg.lstsq(columns, np.log(panel.target[rows, 0]), rcond=None)[0][:3]


def test_promotions_warmth_and_holidays_move_sales_by_what_the_place_says():
    panel = Shops(n_series=3).load()
    for shop, promotion in enumerate((0.6, 0.1, 0.3)):  # city, country, suburb
        assert panel.categories["place"][int(panel.static[shop, 0])] == ("city", "country", "suburb")[shop]
        assert effects(panel, shop) == pytest.approx([promotion, 0.12, -0.6], abs=0.03)
    assert panel.target.min() > 0


def test_weather_stays_for_days():
    warmth = Shops(n_series=1, length=20_000).load().past[:, 0]
    assert np.corrcoef(warmth[1:], warmth[:-1])[0, 1] == pytest.approx(0.9, abs=0.01)
    assert warmth.std() == pytest.approx(1, abs=0.05)


def test_steps_that_are_whole_numbers_have_no_holidays():
    panel = Shops(n_series=2, length=50, freq=1).load()
    assert panel.columns.known == ("promotion",)
    assert np.isfinite(panel.target).all()
