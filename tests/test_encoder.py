"""The encoder: covariates scaled, filled and coded by what training rows say."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from datamodules.encoder import Encoder
from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.split import Part, by_steps

NAN = float("nan")


def panel_of(weather=("rain", "sun", "rain", "fog", "sun", "hail"), region=("north", "south"), **numbers) -> Panel:
    """Two series of six daily rows: known ``weather``, static ``region``, and past columns of ``numbers``."""
    frames = []
    for series in range(2):
        columns = {name: np.array(values, dtype=float) for name, values in numbers.items()}
        frames.append(
            pd.DataFrame(
                {
                    "unique_id": f"s{series}",
                    "ds": pd.date_range("2024-01-01", periods=6, freq="D"),
                    "y": np.arange(6.0),
                    "weather": weather,
                    "region": region[series],
                    **columns,
                }
            )
        )
    return Panel.from_frame(
        pd.concat(frames), past=list(numbers), known=["weather"], static=["region"], categories=["weather"], freq="D"
    )


def fitted(panel: Panel, *, encode="onehot", scaling="standard", missing="ffill", validation=2) -> Encoder:
    """The encoder by all rows but the last ``validation`` of each series."""
    part = by_steps(panel, validation=validation).train
    return Encoder.fit(panel, part, encode=encode, scaling=scaling, missing=missing)


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        ("none", [1, 2, 3, 4, 5, 100]),
        ("standard", (np.array([1, 2, 3, 4, 5, 100]) - 2.5) / np.sqrt(1.25)),
        ("minmax", (np.array([1, 2, 3, 4, 5, 100]) - 1) / 3),
        ("robust", (np.array([1, 2, 3, 4, 5, 100]) - 2.5) / 1.5),
    ],
)
def test_numbers_are_scaled_by_training_rows_alone(scaling, expected):
    panel = panel_of(price=[1, 2, 3, 4, 5, 100])
    found = fitted(panel, scaling=scaling).apply(panel).past
    np.testing.assert_allclose(found[:, 0], np.tile(expected, 2), rtol=1e-6)


def test_columns_made_from_the_clock_keep_their_range_however_little_of_it_training_saw():
    panel = panel_of(month=[1, 1, 1, 0.9, -0.5, -1], price=[1, 1, 1, 0.9, -0.5, -1])
    part = by_steps(panel, validation=2).train
    options = {"encode": "onehot", "scaling": "standard", "missing": "ffill"}
    found = Encoder.fit(panel, part, made={"month"}, **options).apply(panel).past[:6]
    np.testing.assert_allclose(found[:, 0], [1, 1, 1, 0.9, -0.5, -1], rtol=1e-6)
    assert found[:, 1].min() < -40


def test_columns_of_zeros_and_ones_stay_and_constant_ones_become_zero():
    panel = panel_of(holiday=[0, 1, 0, 0, 1, 0], level=[7, 7, 7, 7, 8, 14], ones=[1, 1, 1, 1, 1, 0])
    found = fitted(panel).apply(panel).past
    assert found[:6, 0].tolist() == [0, 1, 0, 0, 1, 0]
    np.testing.assert_allclose(found[:6, 1], [0, 0, 0, 0, 1 / 7, 1], rtol=1e-6)
    assert found[:6, 2].tolist() == [0, 0, 0, 0, 0, -1]


def test_robust_scaling_of_mostly_equal_values_falls_back_to_their_deviation():
    panel = panel_of(price=[3, 3, 3, 3, 3, 5])
    found = fitted(panel, scaling="robust", validation=0).apply(panel).past
    np.testing.assert_allclose(found[5, 0], 2 / np.std([3, 3, 3, 3, 3, 5]), rtol=1e-6)


@pytest.mark.parametrize(("scaling", "first"), [("standard", 0), ("none", 3), ("minmax", 0.5)])
def test_missing_numbers_take_the_last_value_of_their_series_or_the_training_mean(scaling, first):
    panel = panel_of(price=[NAN, 2, NAN, 4, NAN, NAN])
    found = fitted(panel, scaling=scaling).apply(panel)
    plain = found.past[:, 0] * {"standard": 1, "none": 1, "minmax": 2}[scaling]
    plain += {"standard": 3, "none": 0, "minmax": 2}[scaling]
    np.testing.assert_allclose(found.past[[0, 6], 0], first, atol=1e-6)
    np.testing.assert_allclose(plain, [3, 2, 2, 4, 4, 4] * 2, rtol=1e-6)
    assert found.absent == {"price": 8}


def test_filling_looks_at_no_later_row():
    panel = panel_of(price=[1, 2, NAN, 4, NAN, 6])
    encoder = fitted(panel)
    past = np.array(panel.past)
    past[5] = 1e6
    later = encoder.apply(replace(panel, past=past))
    assert np.array_equal(later.past[:5], encoder.apply(panel).past[:5])


def test_a_column_without_any_training_value_is_zero_until_it_has_one():
    panel = panel_of(price=[NAN, NAN, NAN, NAN, NAN, 3])
    assert fitted(panel).apply(panel).past[:6, 0].tolist() == [0, 0, 0, 0, 0, 3]


def test_onehot_has_a_column_a_level_of_the_training_rows_and_none_for_others():
    panel = panel_of()
    encoder = fitted(panel)
    found = encoder.apply(panel)
    assert encoder.widths == (0, 3, 2)
    fog, rain, sun, none = np.eye(4, 3).tolist()
    assert found.known[:6].tolist() == [rain, sun, rain, fog, sun, none]
    assert found.static.tolist() == [[1, 0], [0, 1]]
    assert found.unseen == {"weather": 2}
    assert found.embedded == ()


def test_ordinal_codes_lie_between_0_and_1_in_the_order_of_numbers_where_levels_are_some():
    panel = panel_of(weather=(10, 9, 2, 9, 10, 7))
    found = fitted(panel, encode="ordinal").apply(panel)
    np.testing.assert_allclose(found.known[:6, 0], [1, 2 / 3, 1 / 3, 2 / 3, 1, 0], rtol=1e-6)
    assert found.unseen == {"weather": 2}


def test_embedding_leaves_codes_and_says_where_they_are():
    panel = panel_of(price=[1, 2, 3, 4, 5, 6])
    encoder = fitted(panel, encode="embedding")
    found = encoder.apply(panel)
    assert encoder.widths == (1, 1, 1)
    assert found.known[:6, 0].tolist() == [2, 3, 2, 1, 3, 0]
    assert found.static[:, 0].tolist() == [1, 2]
    assert found.embedded == encoder.embedded == (("known", 0, 4), ("static", 0, 3))


@pytest.mark.parametrize("encode", ["onehot", "ordinal", "embedding"])
def test_categories_are_known_by_name_whatever_numbers_count_them(encode):
    panel = panel_of()
    encoder = fitted(panel, encode=encode)
    other = panel_of(weather=("sun", "aurora", "sun", "fog", "rain", "fog"), region=("south", "west"))
    found, before = encoder.apply(other), encoder.apply(panel)
    assert found.known[[0, 2, 3, 4, 5]].tolist() == before.known[[1, 1, 3, 0, 3]].tolist()
    assert not found.known[1].any()
    assert found.static[0].tolist() == before.static[1].tolist()
    assert not found.static[1].any()
    assert found.unseen == {"weather": 2, "region": 1}


def test_missing_categories_have_the_code_of_unseen_ones_and_are_counted_apart():
    panel = panel_of(weather=("rain", None, "rain", "fog", None, "sun"), region=("north", None))
    found = fitted(panel, encode="embedding", validation=0).apply(panel)
    assert found.known[:6, 0].tolist() == [2, 0, 2, 1, 0, 3]
    assert found.static[:, 0].tolist() == [1, 0]
    assert found.unseen == {}
    assert found.absent == {"weather": 4, "region": 1}


def test_a_missing_static_number_is_the_mean_of_the_trained_series(make_panel):
    panel = make_panel([10, 10, 10], static=1)
    static = np.array([[1.0], [5.0], [NAN]])
    part = Part(panel.offsets[:-1], np.array([8, 18, 20]))  # the third series has no training row
    encoder = Encoder.fit(replace(panel, static=static), part, encode="onehot", scaling="standard", missing="ffill")
    found = encoder.apply(replace(panel, static=static))
    np.testing.assert_allclose(found.static[:, 0], [-1, 1, 0], atol=1e-6)
    assert found.absent == {"static0": 1}
    moved = np.array([[1.0], [5.0], [99.0]])
    again = Encoder.fit(replace(panel, static=moved), part, encode="onehot", scaling="standard", missing="ffill")
    assert again.columns == encoder.columns


def test_rows_before_and_after_the_observed_ones_are_not_counted_as_missing():
    panel = panel_of(price=[1, 2, 3, 4, 5, 6]).until(np.array([3, 9]))
    wider = panel.extend(np.array([2, 0]), np.array([0, 3]))
    assert fitted(panel).apply(wider).absent == {}
    assert np.isfinite(fitted(panel).apply(wider).past).all()


def test_a_known_hole_ahead_is_counted_and_what_was_not_given_yet_is_not():
    panel = panel_of(weather=("rain", "sun", "rain", "rain", None, "sun")).until(np.array([3, 9]))
    assert fitted(panel).apply(panel).absent == {"weather": 2}
    ahead = panel.extend(np.array([0, 0]), np.array([3, 3]))
    assert fitted(panel).apply(ahead).absent == {"weather": 2}
    with pytest.raises(InputError, match=r"series 's0' has no value in column 'weather' \(known\) at 2024-01-05 and 1"):
        fitted(panel, missing="error").apply(ahead)


def test_what_later_rows_say_changes_nothing():
    panel = panel_of(price=[1, 2, 3, 4, 5, 6])
    other = panel_of(
        weather=("rain", "sun", "rain", "fog", "aurora", "fog"), price=[1, 2, 3, 4, -50, 900]
    )  # the first four rows are those of training
    for encode in ("onehot", "ordinal", "embedding"):
        assert fitted(panel, encode=encode).plain() == fitted(other, encode=encode).plain()


@pytest.mark.parametrize("encode", ["onehot", "ordinal", "embedding"])
def test_encoder_goes_round_in_plain_values(encode):
    panel = panel_of(price=[0.1, NAN, 1 / 3, 4, 5, 6])
    encoder = fitted(panel, encode=encode, scaling="robust")
    again = Encoder.of(json.loads(json.dumps(encoder.plain())))
    assert again.columns == encoder.columns
    assert again.widths == encoder.widths
    assert again.embedded == encoder.embedded
    for one, other in zip(again.apply(panel), encoder.apply(panel), strict=True):
        assert np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other


def test_numbers_where_categories_were_and_the_reverse_are_refused():
    panel = panel_of()
    numeric = Panel.from_frame(
        panel.to_frame().assign(weather=1.0), known=["weather"], static=["region"], categories=["region"], freq="D"
    )
    sentence = r"column 'weather' \(known\) held categories when the network was trained, and holds numbers here"
    with pytest.raises(InputError, match=sentence):
        fitted(panel).apply(numeric)
    with pytest.raises(InputError, match="held numbers when the network was trained, and holds categories"):
        fitted(numeric).apply(panel)


def test_an_empty_column_fits_either_kind():
    panel = panel_of()
    empty = replace(panel, known=np.full_like(panel.known, NAN), categories={"region": panel.categories["region"]})
    assert not fitted(panel).apply(empty).known.any()


def test_missing_cells_are_refused_where_all_are_wanted():
    panel = panel_of(price=[1, NAN, 3, NAN, 5, 6])
    sentence = r"series 's0' has no value in column 'price' \(past\) at 2024-01-02 and 3 more; missing: error"
    with pytest.raises(InputError, match=sentence):
        fitted(panel, missing="error").apply(panel)
    unknown = panel_of(region=("north", None))
    with pytest.raises(InputError, match=r"series 's1' has no value in column 'region' \(static\); missing: error"):
        fitted(unknown, missing="error").apply(unknown)


def test_onehot_of_very_many_categories_is_refused():
    frame = pd.DataFrame({"ds": range(150), "y": 1.0, "shop": [f"shop {number}" for number in range(150)]})
    panel = Panel.from_frame(frame, known=["shop"])
    with pytest.raises(InputError, match=r"column 'shop' \(known\) has 150 categories; encode onehot .* embedding"):
        fitted(panel, validation=0)
    assert fitted(panel, validation=0, encode="embedding").embedded == (("known", 0, 151),)


def test_a_million_rows_are_encoded_without_a_loop_over_series(make_panel):
    n_series, length = 20_000, 50
    rng = np.random.default_rng(0)
    small = make_panel([length], known=2)
    panel = replace(
        small,
        ids=np.arange(n_series).astype(str).astype(object),
        start=np.zeros(n_series, dtype=np.int64),
        offsets=np.arange(n_series + 1) * length,
        target=rng.normal(size=(n_series * length, 1)),
        past=np.empty((n_series * length, 0)),
        known=np.column_stack([rng.integers(0, 5, n_series * length), rng.normal(size=n_series * length)]),
        static=np.empty((n_series, 0)),
        categories={"known0": tuple("abcde")},
    )
    found = fitted(panel, validation=5).apply(panel)
    assert found.known.shape == (n_series * length, 6)
    np.testing.assert_allclose(found.known[:, :5].argmax(axis=1), panel.known[:, 0])
