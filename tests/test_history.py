"""Series with too little history: refused, left out, or begun with unobserved rows."""

from dataclasses import replace

import numpy as np
import pytest

from datamodules.base import Borders, PanelData
from datamodules.errors import InputError
from datamodules.history import first_seen, lacking_rows, listed, padding, refuse_short, refuse_unseen, short_series
from datamodules.preparation import Preparation
from datamodules.split import by_series, by_steps

SIZES = {"context_length": 6, "horizon": 2}


def test_first_seen_is_by_series_and_target(make_panel):
    panel = make_panel([5, 4], targets=2)
    assert first_seen(panel).tolist() == [[0, 0], [5, 5]]
    target = np.array(panel.target)
    target[:3, 1] = np.nan
    target[5:, 0] = np.nan
    assert first_seen(replace(panel, target=target)).tolist() == [[0, 3], [9, 5]]
    assert first_seen(panel.until(np.array([4, -1]))).tolist() == [[0, 0], [9, 9]]


def test_short_series_have_rows_but_too_few_for_a_window(make_panel):
    panel = make_panel([20, 9, 8, 4, 1])
    assert short_series(panel, by_steps(panel, validation=1).train, **SIZES).tolist() == [
        False,
        False,
        True,
        True,
        True,
    ]
    hidden = panel.until(np.array([19, -1, 36, 40, 41]))
    assert short_series(hidden, by_steps(hidden, validation=0).train, **SIZES).tolist() == [
        False,
        False,
        False,
        True,
        True,
    ]
    held_out = by_series(panel, validation=0.4, seed=0)
    assert short_series(panel, held_out.train, **SIZES).tolist() == [False, False, False, True, True]


def test_padded_series_have_a_window_for_each_row_with_a_target_after_it(make_panel):
    panel = make_panel([20, 7, 4, 3, 2, 1])
    data = PanelData(panel, **SIZES, borders=Borders("steps", 0, 0), prepare=Preparation(short="pad"))
    index = data.windows(data.split.train)
    counts = np.bincount(data.laid.panel.series_of_row[index.rows], minlength=6)
    assert counts.tolist() == [13, 5, 2, 1, 0, 0]
    for window in data.train_dataloader():
        seen = window.context.observed.flatten(0, -3)
        assert (seen[:, -1] == 1).all()
        assert (window.observed == 1).all()
    shown = data.laid.store.context(data.laid.store.offsets[1:2] + 5, context_length=6, horizon=2)
    np.testing.assert_array_equal(shown.observed[0, :, 0], [0, 0, 0, 0, 0, 1])
    np.testing.assert_allclose(shown.target[0, :, 0], panel.target[20, 0], rtol=1e-6)


def test_padding_leaves_long_series_alone(make_panel):
    panel = make_panel([20, 15, 7])
    part = by_steps(panel, validation=0).train
    assert padding(panel, part, **SIZES).tolist() == [0, 0, 5]
    every = [PanelData(panel, **SIZES, prepare=Preparation(short=short)) for short in ("skip", "pad")]
    skipped, padded = (data.windows(data.split.test).rows - data.laid.shift[0] for data in every)
    assert set(skipped) <= set(padded)


def test_error_names_the_first_short_series_and_what_to_do(make_panel):
    data = PanelData(make_panel([40, 7, 5]), **SIZES)
    sentence = r"series 'series 1' \(and 1 more series\) has 7 rows; .* at least 8. .*short=skip .* short=pad"
    with pytest.raises(InputError, match=sentence):
        data.train_dataloader()
    skip = PanelData(make_panel([40, 7, 5]), **SIZES, prepare=Preparation(short="skip"))
    assert set(skip.laid.panel.series_of_row[skip.windows(skip.split.train).rows]) == {0}
    assert skip.short.tolist() == [False, True, True]


def test_rows_that_a_forecast_lacks_are_the_most_of_its_cutoffs(make_panel):
    panel = make_panel([20, 10, 3])
    rows, series = np.array([10, 22, 25, 32]), np.array([0, 1, 1, 2])
    assert lacking_rows(panel, rows, series, context_length=6).tolist() == [0, 3, 3]
    refuse_short(panel, rows[[0, 2]], series[[0, 2]], context_length=6, name="MLP")
    with pytest.raises(InputError, match="'series 1' has 3 rows up to its cutoff; MLP needs a context of 6"):
        refuse_short(panel, rows, series, context_length=6, name="MLP")


def test_a_cutoff_before_any_value_is_refused_by_name(make_panel):
    panel = make_panel([9, 9], targets=2)
    target = np.array(panel.target)
    target[9:13, 1] = np.nan
    panel = replace(panel, target=target)
    refuse_unseen(panel, np.array([0, 13]), np.array([0, 1]), name="MLP")
    with pytest.raises(
        InputError, match="'series 1' has no observed value of 'y1' up to its cutoff 2024-01-01 03:00:00"
    ):
        refuse_unseen(panel, np.array([0, 12]), np.array([0, 1]), name="MLP")


def test_long_lists_are_cut_and_counted():
    assert listed(np.array(["a", "b"])) == "'a', 'b'"
    assert listed(np.arange(8)) == "'0', '1', '2', '3', '4' and 3 more"
