"""NeuralForecaster: a network behind the protocol of any forecaster."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.preparation import Preparation
from datamodules.scaling import Affine
from datamodules.split import last_cutoffs, rolling_cutoffs
from datamodules.window import Context, Dims
from forecast.forecaster import Forecaster, Seeded
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster
from forecast.table import NotFiniteError

SMALL = {"max_steps": 12, "batch_size": 8, "steps_per_epoch": 5}


DIMS = Dims(6, 3)


def network(dims=DIMS, *, seed=0, model=None, **options):
    return NeuralForecaster(MLP(dims, hidden_size=4, dropout=0.2, **(model or {})), seed=seed, **{**SMALL, **options})


def equal(left, right):
    pd.testing.assert_frame_equal(left, right, check_exact=True)


def garbage_after(panel, rows, value=1e5):
    """The panel with every target and past covariate after each series' row replaced."""
    after = np.arange(len(panel.target)) > rows[panel.series_of_row]
    return replace(
        panel,
        target=np.where(after[:, None], value, panel.target),
        past=np.where(after[:, None], value, panel.past),
    )


def test_it_is_a_seeded_forecaster():
    assert isinstance(network(), Forecaster)
    assert isinstance(network(), Seeded)
    assert network().name == "MLP"
    assert network(name="mine").name == "mine"


def test_same_seed_gives_the_same_table_to_the_bit_and_another_seed_another(make_panel):
    panel = make_panel()
    torch.manual_seed(99)
    first = network(seed=3).fit(panel).predict(panel, last_cutoffs(panel), 3, (0.1, 0.9))
    torch.manual_seed(5)
    equal(network(seed=3).fit(panel).predict(panel, last_cutoffs(panel), 3, (0.1, 0.9)), first)
    other = network(seed=4).fit(panel).predict(panel, last_cutoffs(panel), 3, (0.1, 0.9))
    assert (first["mean"] != other["mean"]).all()


def test_with_seed_is_an_unfitted_copy(make_panel):
    panel = make_panel()
    fitted = network(seed=1).fit(panel)
    before = fitted.predict(panel, last_cutoffs(panel), 3)
    other = fitted.with_seed(2)
    assert (other.seed, fitted.seed) == (2, 1)
    assert len(other.curves) == 0
    assert other.notes == {}
    other.fit(panel)
    equal(fitted.predict(panel, last_cutoffs(panel), 3), before)
    equal(
        other.with_seed(1).fit(panel).predict(panel, last_cutoffs(panel), 3),
        before,
    )


def test_what_was_given_is_left_alone(make_panel):
    panel = make_panel()
    module, options = MLP(Dims(6, 3), hidden_size=4), {"callbacks": []}
    weights = copy.deepcopy(module.state_dict())
    forecaster = NeuralForecaster(module, trainer=options, **SMALL).fit(panel)
    assert forecaster.module is not module
    assert all(torch.equal(weights[name], value) for name, value in module.state_dict().items())
    assert options == {"callbacks": []}


def test_fitted_forecaster_can_be_pickled_and_copied(make_panel):
    panel = make_panel()
    fitted = network().fit(panel)
    expected = fitted.predict(panel, last_cutoffs(panel), 3)
    for twin in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        equal(twin.predict(panel, last_cutoffs(panel), 3), expected)
    assert len(pickle.dumps(fitted)) < 100_000  # neither the data nor the trainer stay with it


@pytest.mark.parametrize("value", [1e5, np.nan, -7.0])
@pytest.mark.parametrize("holes", [0.0, 0.2])
def test_values_after_the_cutoff_change_nothing_to_the_bit(make_panel, value, holes):
    panel = make_panel([60, 50], targets=2, past=1, known=1, static=1, holes=holes)
    cutoffs = rolling_cutoffs(panel, horizon=3, folds=3, stride=2)
    dims = Dims(6, 3, target=2, past=1, known=1, static=1)
    tables = []
    for shown in (panel, garbage_after(panel, cutoffs[0], value)):
        forecaster = network(dims).fit(shown.until(cutoffs[0]))
        tables.append(forecaster.predict(shown, cutoffs[:1], 3, (0.1, 0.9)))
    equal(*tables)


def test_forecast_from_a_hole_does_not_depend_on_what_comes_later(make_panel):
    """A series that is complete but for its cutoff looks complete until then."""
    panel = make_panel([60])
    target = panel.target.copy()
    target[50:52] = np.nan
    holed = replace(panel, target=target)
    cutoff = np.array([[51]])
    forecaster = network().fit(holed.until(cutoff[0]))
    equal(forecaster.predict(holed.until(cutoff[0]), cutoff, 3, (0.1,)), forecaster.predict(holed, cutoff, 3, (0.1,)))
    past_all = np.array([[51 + 6]])
    assert np.isfinite(forecaster.predict(holed.until(np.array([51])), past_all, 2)["mean"]).all()


def test_context_is_the_rows_up_to_the_cutoff(make_panel):
    """Each answer equals the module's own on a hand-made slice."""
    panel = make_panel([40, 40])
    forecaster = network().fit(panel)
    cutoffs = np.array([[20, 70], [-1, 75]])
    table = forecaster.predict(panel, cutoffs, 3, (0.1, 0.9))
    assert table["unique_id"].tolist() == ["series 0"] * 3 + ["series 1"] * 6
    for row, part in zip((20, 70, 75), (table[:3], table[3:6], table[6:]), strict=True):
        target = torch.tensor(panel.target[row - 5 : row + 1], dtype=torch.float32)[None]
        context = Context(
            target,
            torch.ones_like(target),
            torch.zeros(1, 6, 0),
            torch.zeros(1, 9, 0),
            torch.zeros(1, 0),
            Affine(torch.zeros(1, 1, 1), torch.ones(1, 1, 1)),
        )
        with torch.no_grad():
            expected = forecaster.module(context)[0, :, 0].numpy()
        np.testing.assert_allclose(part[["q0.1", "mean", "q0.9"]].to_numpy(), expected, rtol=1e-6)


def test_predictions_in_large_batches_equal_those_one_by_one(make_panel):
    panel = make_panel([300, 300])
    forecaster = network().fit(panel)
    cutoffs = rolling_cutoffs(panel, horizon=3, folds=280, stride=1)
    together = forecaster.predict(panel, cutoffs, 3, (0.1, 0.9))
    alone = pd.concat([forecaster.predict(panel, cutoffs[[fold]], 3, (0.1, 0.9)) for fold in range(0, 280, 40)])
    joined = alone.merge(together, on=["unique_id", "cutoff", "step"], suffixes=("", "_together"))
    assert len(joined) == len(alone)
    for column in ("mean", "q0.1", "q0.9"):
        np.testing.assert_allclose(joined[column], joined[f"{column}_together"], rtol=1e-5)


def test_more_cutoffs_than_one_batch_are_all_answered(make_panel):
    panel = make_panel([700, 700])
    forecaster = network()
    cutoffs = rolling_cutoffs(panel, horizon=3, folds=690, stride=1)
    table = forecaster.predict(panel, cutoffs, 3)
    assert len(table) == 2 * 690 * 3
    assert np.isfinite(table["mean"]).all()


def test_shorter_horizon_is_the_begin_of_the_longer(make_panel):
    panel = make_panel()
    forecaster = network().fit(panel)
    whole, short = (forecaster.predict(panel, last_cutoffs(panel), horizon) for horizon in (3, 2))
    equal(short, whole[whole["step"] <= 2].reset_index(drop=True))


def test_point_head_has_no_quantiles(make_panel):
    panel = make_panel()
    table = network(model={"head": "point"}).fit(panel).predict(panel, last_cutoffs(panel), 3, (0.1, 0.9))
    assert table[["q0.1", "q0.9"]].isna().all(axis=None)
    assert np.isfinite(table["mean"]).all()


def test_mean_is_the_median_of_a_quantile_head(make_panel):
    panel = make_panel()
    table = network().fit(panel).predict(panel, last_cutoffs(panel), 3, (0.5,))
    assert (table["mean"] == table["q0.5"]).all()


@pytest.mark.parametrize("targets", [1, 2])
def test_panel_with_holes_and_several_targets(make_panel, targets):
    panel = make_panel([60, 50, 40], targets=targets, holes=0.3)
    table = network(Dims(6, 3, target=targets)).fit(panel).predict(panel, last_cutoffs(panel), 3, (0.1, 0.9))
    assert len(table) == 3 * 3 * targets
    assert table["target"].unique().tolist() == [f"y{index}" for index in range(targets)]
    assert np.isfinite(table[["mean", "q0.1", "q0.9"]]).all(axis=None)
    assert table["mean"].between(5, 45).all()  # original units


def test_curves_and_notes_say_what_happened(make_panel):
    panel = make_panel([60, 50])
    forecaster = network(max_steps=12, steps_per_epoch=5).fit(panel)
    curves, notes = forecaster.curves, forecaster.notes
    assert curves["epoch"].tolist() == [1, 2, 3]
    assert curves["step"].tolist() == [5, 10, 12]
    assert np.isfinite(curves).all(axis=None)
    assert notes["best_epoch"] == curves["val_loss"].idxmin() + 1
    assert (notes["epochs"], notes["steps"]) == (3, 12)
    assert notes["windows"] == len(range(6, 54 - 2)) + len(range(6, 44 - 2))  # 10 % of the median length held out
    assert notes["dropped"] == "4 target crosses a border, 12 history shorter than the context"


def test_without_validation_there_is_no_loss_of_it_and_no_best_epoch(make_panel):
    forecaster = network(validation=0.0).fit(make_panel())
    assert forecaster.curves["val_loss"].isna().all()
    assert np.isfinite(forecaster.curves["train_loss"]).all()
    assert forecaster.notes["best_epoch"] == 0


def test_epoch_without_validation_has_no_loss_of_it(make_panel):
    forecaster = network(max_steps=20, trainer={"check_val_every_n_epoch": 2}).fit(make_panel())
    assert forecaster.curves["val_loss"].isna().tolist() == [True, False, True, False]


def test_series_too_short_to_hold_out_anything_still_train(make_panel):
    panel = make_panel([12, 10])
    forecaster = network(Dims(6, 3)).fit(panel)
    assert forecaster.notes["windows"] > 0
    assert np.isfinite(forecaster.predict(panel, last_cutoffs(panel), 3)["mean"]).all()


def test_training_lowers_the_loss(make_panel):
    forecaster = network(max_steps=100, steps_per_epoch=20, model={"lr": 0.01}).fit(make_panel([200, 200]))
    assert forecaster.curves["val_loss"].min() < 0.7 * forecaster.curves["val_loss"].iloc[0]


def test_parameters_are_counted():
    assert NeuralForecaster(Linear(Dims(6, 3), levels=[])).parameters == 6 * 3 + 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f, p: f.predict(p, last_cutoffs(p), 4), "forecasts 3 steps; horizon 4 was asked for"),
        (lambda f, p: f.predict(p, last_cutoffs(p), 0), "horizon is 0"),
        (
            lambda f, p: f.predict(p, last_cutoffs(p), 3, (0.3,)),
            r"level 0.3 was not trained; MLP has levels \[0.1, 0.5, 0.9\]",
        ),
        (lambda f, p: f.predict(p, last_cutoffs(p), 3, (1.3,)), "level 1.3 is not between 0 and 1"),
        (
            lambda f, p: f.predict(p, np.array([[3, 80]]), 3),
            "series 'series 0' has 4 rows up to its cutoff; .* context of 6",
        ),
        (lambda f, p: f.predict(p, np.array([[20, 64]]), 3), "series 'series 1' has 5 rows up to its cutoff"),
    ],
)
def test_impossible_forecasts_are_refused_in_a_sentence(make_panel, call, message):
    with pytest.raises(InputError, match=message):
        call(network(), make_panel([60, 45]))


def test_panel_of_another_kind_is_refused(make_panel):
    forecaster, other = network().fit(make_panel()), make_panel(targets=2)
    with pytest.raises(InputError, match=r"trained on targets y0; the panel has y0, y1"):
        forecaster.predict(other, last_cutoffs(other), 1)


def test_known_covariates_must_reach_over_the_horizon(make_panel):
    panel = make_panel([60, 45], known=1)
    forecaster = network(Dims(6, 3, known=1)).fit(panel)
    sentence = (
        r"series 'series 0' lacks column 'known0' \(known\) at 2024-01-03 12:00:00 and 5 more "
        r"\(series, stamp, column\); a forecast of 3 steps after 2024-01-03 11:00:00 needs it"
    )
    with pytest.raises(InputError, match=sentence):
        forecaster.predict(panel, last_cutoffs(panel), 3)
    assert len(forecaster.predict(panel, last_cutoffs(panel) - 3, 3)) == 6


def test_unseen_categories_and_filled_values_are_counted_and_forecast(make_panel):
    panel = make_panel([60, 45], past=1, known=1, static=1)
    names = ("fog", "rain", "sun")
    trained = replace(panel, known=np.arange(105.0)[:, None] % 3, categories={"known0": names})
    known, past = np.array(trained.known), np.array(panel.past)
    known[[5, 50, 70]] = 3
    past[[20, 21]] = np.nan
    static = np.array([[1.0], [np.nan]])
    shown = replace(trained, known=known, past=past, static=static, categories={"known0": (*names, "aurora")})
    for encode in ("onehot", "embedding"):
        forecaster = network(Dims(6, 3), prepare=Preparation(encode=encode)).fit(trained)
        forecaster.predict(trained, last_cutoffs(panel) - 3, 3)
        assert forecaster.notes["note"] == ""
        assert np.isfinite(forecaster.predict(shown, last_cutoffs(panel) - 3, 3)["mean"]).all()
        assert forecaster.notes["note"] == (
            "unseen category in known0: 3 cells; missing value in past0: 2 cells filled; missing value in static0: "
            "1 cell filled"
        )


def test_a_category_known_ahead_that_drives_the_target_brings_something():
    rng = np.random.default_rng(0)
    weather = rng.integers(0, 3, 300)
    frame = pd.DataFrame(
        {
            "ds": pd.date_range("2024", periods=300, freq="D"),
            "y": np.array([5.0, 0.0, 9.0])[weather] + rng.normal(0, 0.3, 300),
            "weather": np.array(["fog", "rain", "sun"])[weather],
        }
    )
    linear, cutoffs = Linear(Dims(6, 3), lr=0.03), np.arange(280, 297)[:, None]

    def error(known: tuple[str, ...], encode: str) -> float:
        panel = Panel.from_frame(frame, known=known)
        forecaster = NeuralForecaster(linear, max_steps=100, batch_size=64, prepare=Preparation(encode=encode))
        mean, _ = forecaster.fit(panel.until(np.array([280]))).predict_arrays(panel, cutoffs, 3, ())
        return np.abs(mean[..., 0] - panel.target[cutoffs + np.arange(1, 4), 0]).mean()

    without = error((), "onehot")
    assert error(("weather",), "onehot") < 0.5 * without
    assert error(("weather",), "embedding") < 0.5 * without


def test_series_without_any_value_up_to_its_cutoff_is_refused(make_panel):
    panel = make_panel([60], targets=2)
    target = panel.target.copy()
    target[:40, 1] = np.nan
    with pytest.raises(InputError, match="'series 0' has no observed value of 'y1' up to its cutoff 2024-01-02 12:00"):
        network(Dims(6, 3, target=2)).predict(replace(panel, target=target), np.array([[36]]), 3)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"max_steps": 0}, "max_steps is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"steps_per_epoch": 0}, "steps_per_epoch is 0"),
        ({"validation": 1.5}, "validation is 1.5"),
        ({"validation": -0.1}, "validation is -0.1"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_options_out_of_range_are_refused(option, message):
    with pytest.raises(InputError, match=message):
        network(**option)


def test_forecast_that_is_not_finite_never_leaves_predict(make_panel):
    panel = make_panel()
    forecaster = network()
    with torch.no_grad():
        forecaster.module.projection.bias.fill_(float("nan"))
    with pytest.raises(NotFiniteError, match="MLP forecast nan for series 'series 0'"):
        forecaster.predict(panel, last_cutoffs(panel), 3)


def test_constant_series_are_forecast_close_to_their_value():
    frame = pd.DataFrame({"ds": pd.date_range("2024", periods=60, freq="h"), "y": 5.0})
    panel = Panel.from_frame(frame)
    table = network().fit(panel).predict(panel, last_cutoffs(panel), 3)
    assert np.isfinite(table["mean"]).all()
    assert table["mean"].between(-10, 20).all()


def test_series_without_units_of_its_own_is_noted(make_panel):
    panel = make_panel([60, 45])
    forecaster = network(prepare=Preparation(scaling="standard")).fit(panel)
    forecaster.predict(panel, last_cutoffs(panel), 3)
    assert forecaster.notes["note"] == ""
    stranger = replace(panel, ids=np.array(["series 0", "new"], dtype=object))
    forecaster.predict(stranger, last_cutoffs(stranger), 3)
    assert forecaster.notes["note"] == "1 of 2 series with no training rows, in the units of the panel: 'new'"
