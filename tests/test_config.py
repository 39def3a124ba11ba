from dataclasses import fields

import numpy as np
import pytest
import yaml

from datamodules.errors import InputError
from datamodules.sets.synthetic import Synthetic
from forecast.assemble import assemble
from forecast.backtest import backtest
from forecast.config import BacktestConfig, help_texts, read_config, read_yaml
from forecast.members import Member
from forecast.resolve import resolve


def config(**given):
    return BacktestConfig.of({"data": "x.csv", "horizon": 4, **given})


def panel(length=200, n_series=2):
    return Synthetic(n_series=n_series, length=length, freq="D").load()


def test_every_option_has_a_help_text():
    assert list(help_texts()) == [each.name for each in fields(BacktestConfig)]
    assert all(help_texts().values())


def test_text_and_yaml_values_give_the_same_configuration():
    from_yaml = config(models=["MLP", "LSTM"], levels=[0.2, 0.8], folds=3, refit=2, common=True, freq=1)
    from_text = config(models="MLP,LSTM", levels=["0.2", "0.8"], folds="3", refit="2", common="true", freq="1")
    assert from_yaml == from_text


def test_plain_values_leave_open_who_takes_part_where_nobody_is_named():
    first = BacktestConfig.of({"data": "-", "horizon": 1})
    assert BacktestConfig.of(yaml.safe_load(yaml.safe_dump(first.plain()))) == first
    nobody = BacktestConfig.of({"data": "-", "horizon": 1, "baselines": "none"})
    assert BacktestConfig.of(nobody.plain()) == nobody


def test_plain_values_give_the_same_configuration_again():
    first = config(models=["MLP", {"class_path": "MLP", "name": "small", "init_args": {"layers": 1}}], baselines="none")
    assert BacktestConfig.of(yaml.safe_load(yaml.safe_dump(first.plain()))) == first


def test_empty_list_is_none_and_all_is_everything():
    assert config(models=[]).models == (Member("none", {}, ""),)
    assert {member.class_path for member in config(models="all").models} >= {"Linear", "GRU", "LSTM"}
    assert config(models=["all", "LSTM"]).models == config(models="all").models
    with_another = config(models=["all", {"class_path": "LSTM", "name": "Wide"}]).models
    assert with_another == (*config(models="all").models, Member("LSTM", {}, "Wide"))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"horizn": 3}, "option 'horizn' is not known; did you mean 'horizon'?"),
        ({"horizon": 0}, "horizon is 0; it must be at least 1"),
        ({"context_length": 0}, "context_length is 0; it must be at least 1"),
        ({"folds": "three"}, "folds is 'three'; expected a whole number"),
        ({"folds": 2.5}, "folds is 2.5; expected a whole number"),
        ({"folds": True}, "folds is True; expected a whole number"),
        ({"levels": "high"}, "levels is 'high'; expected numbers"),
        ({"common": "perhaps"}, "common is 'perhaps'; expected true or false"),
        ({"short": "drop"}, "short 'drop' is not known; known are error, pad, skip"),
        ({"refit": "sometimes"}, "refit is 'sometimes'; expected never, always"),
        ({"refit": 0}, "refit is '0'; expected never, always"),
        ({"models": "LTSM"}, "model 'LTSM' is not known; did you mean 'LSTM'?"),
        ({"models": 3}, "model 3 has no class_path"),
        (
            {"models": {"class_path": "MLP", "init": {}}},
            "entry of a model 'init' is not known; did you mean 'init_args'?",
        ),
        ({"models": {"class_path": "MLP", "init_args": [1]}}, "init_args of model 'MLP' are [1]"),
        ({"baselines": ["SeasonalNave"]}, "baseline 'SeasonalNave' is not known; did you mean 'SeasonalNaive'?"),
        ({"fit": {"max_step": 3}}, "fit option 'max_step' is not known; did you mean 'max_steps'?"),
        ({"fit": 3}, "fit is 3; expected lines of the form"),
    ],
)
def test_wrong_value_is_one_sentence(given, sentence):
    with pytest.raises(InputError) as caught:
        config(**given)
    assert sentence in str(caught.value)


def test_sentence_about_a_file_names_it(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("horizon: 3\nfolds: many\n")
    with pytest.raises(InputError, match=r"x\.yaml: folds is 'many'"):
        read_config(file, {"data": "y.csv", "folds": "2"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("horizon: [1,\nfolds: 3\n", "line 3 is not YAML"),
        ("\thorizon: 3", "line 1 is not YAML"),
        ("", "holds no options"),
        ("- 1\n", "holds no options"),
        ("!!python/object/apply:os.system ['touch made']", "is not YAML"),
    ],
)
def test_broken_yaml_is_one_sentence(tmp_path, text, sentence):
    file = tmp_path / "x.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_yaml(file)


def test_flags_win_and_options_of_fit_and_trainer_are_merged(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("data: a.csv\nhorizon: 3\nfolds: 2\nfit: {max_steps: 5, batch_size: 8}\ntrainer: {devices: 2}\n")
    found = read_config(file, {"folds": "4", "fit": {"max_steps": "9"}, "trainer": {"accelerator": "cpu"}})
    assert (found.folds, found.fit) == (4, {"max_steps": 9, "batch_size": 8})
    assert found.trainer == {"devices": 2, "accelerator": "cpu"}


@pytest.mark.parametrize(
    ("told", "flags", "expected"),
    [
        ("max_steps: 5, steps_per_epoch: 2", {"epochs": "3"}, {"epochs": 3}),
        ("epochs: 5, windows: 100", {"max_steps": "3"}, {"windows": 100, "max_steps": 3}),
        ("epochs: 5", {"windows": "30", "draw": "random"}, {"epochs": 5, "windows": 30, "draw": "random"}),
        ("epochs: 5", {"epochs": "3", "max_steps": "9"}, {"epochs": 3, "max_steps": 9}),
    ],
)
def test_the_length_of_training_that_a_flag_says_replaces_the_other_way_of_saying_it(tmp_path, told, flags, expected):
    file = tmp_path / "x.yaml"
    file.write_text(f"data: a.csv\nhorizon: 3\nfit: {{{told}}}\n")
    assert read_config(file, {"fit": flags}).fit == expected


@pytest.mark.parametrize(
    ("fit", "expected", "why"),
    [
        ({}, {"max_steps": 300, "steps_per_epoch": 50}, "max_steps by the number of windows; early stopping"),
        ({"validation": 0.0}, {"max_steps": 300, "steps_per_epoch": 50}, "max_steps by the number of windows"),
        ({"max_steps": 9, "windows": 40}, {"max_steps": 9, "steps_per_epoch": 50}, ""),
        ({"epochs": 7}, {}, ""),
        ({"epochs": 7, "max_steps": 9}, {}, "epochs say how long: max_steps 9 not used"),
        (
            {"epochs": 7, "max_steps": 9, "steps_per_epoch": 2},
            {},
            "epochs say how long: max_steps 9 and steps_per_epoch 2 not used",
        ),
    ],
)
def test_steps_are_chosen_only_where_nothing_says_how_long(fit, expected, why):
    found = resolve(config(fit=fit), panel())
    steps = {name: value for name, value in found.config.fit.items() if name in ("max_steps", "steps_per_epoch")}
    assert steps == expected
    assert found.config.fit["epochs"] == fit.get("epochs", 0)
    assert found.reasons.get("fit", "") == why
    again = resolve(found.config, panel())
    assert (again.config, again.reasons) == (found.config, {})


def test_options_of_fit_may_be_given_for_a_file_without_any(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("data: a.csv\nhorizon: 3\n")
    assert read_config(file, {"fit": {"max_steps": "9"}}).fit == {"max_steps": 9}


@pytest.mark.parametrize("options", [{}, {"holes": 0.9}, {"window": 60}, {"gap": 7}])
def test_more_windows_than_the_first_fit_has_are_refused_before_anything_runs(options):
    data = panel(length=120)
    options = {"context_length": 8, "folds": 2, "models": "Linear", "baselines": "none", **options}
    with pytest.raises(InputError, match=r"windows is 9999; there are \d+ windows to train on") as error:
        resolve(config(fit={"windows": 9999}, **options), data)
    there = int(str(error.value).split("there are ")[1].split()[0])
    allowed = resolve(config(fit={"windows": there, "max_steps": 2}, **options), data).config
    forecasters, _ = assemble(allowed, data)
    found = backtest(data, forecasters, horizon=4, folds=2, gap=allowed.gap, window=allowed.window)
    assert found.runs[["windows", "error"]].to_numpy().tolist() == [[there, ""]]
    without = {**options, "models": "none", "baselines": "Naive"}
    assert resolve(config(fit={"windows": 9999}, **without), data).config.fit["windows"] == 9999


def test_resolved_configuration_says_everything_and_why():
    found = resolve(config(), panel())
    assert (found.config.context_length, found.config.folds, found.config.stride, found.config.freq) == (8, 5, 4, "D")
    assert [member.class_path for member in found.config.models] == ["Linear", "MLP", "CNN", "RNN", "LSTM"]
    assert found.reasons["context_length"] == "twice the horizon"
    assert {"seasonality", "folds", "stride", "models", "baselines", "metrics"} <= set(found.reasons)


def test_resolving_again_changes_nothing():
    first = resolve(config(), panel()).config
    again = resolve(BacktestConfig.of(first.plain()), panel())
    assert again.config == first
    assert again.reasons == {}


def test_short_series_get_fewer_folds_and_it_is_said():
    found = resolve(config(context_length=8), panel(length=25))
    assert found.config.folds == 3
    assert "short" in found.reasons["folds"]


def test_series_too_short_are_named_or_left_out():
    ragged = Synthetic(n_series=9, length=(20, 300), freq="D", seed=1).load()
    with pytest.raises(InputError, match=r"series 'series_\d'.* has \d+ rows; context_length 60"):
        resolve(config(context_length=60), ragged)
    found = resolve(config(context_length=60, short="skip"), ragged)
    assert 0 < found.panel.n_series < 9
    assert "left out" in found.reasons["short"]
    assert found.panel.lengths.min() >= 60 + 4 * 2 + 4 * (found.config.folds - 1)


def test_short_series_stay_when_padded_and_are_counted():
    ragged = Synthetic(n_series=9, length=(20, 300), freq="D", seed=1).load()
    found = resolve(config(context_length=60, short="pad"), ragged)
    assert found.panel.n_series == 9
    assert found.reasons["short"].startswith("padded ")
    assert "of 9 series with under" in found.reasons["short"]
    assert found.config.prepare.short == "pad"
    blank = np.where(np.arange(9) == 4, -1, ragged.last_rows)
    assert resolve(config(context_length=60, short="pad"), ragged.until(blank)).panel.n_series == 8
    alone = resolve(config(context_length=60, short="pad"), panel(length=25))
    assert alone.config.folds == 5
    with pytest.raises(InputError, match=r"has 8 rows; context_length 1 \+ horizon 4 \+ 5 for the folds"):
        resolve(config(context_length=60, short="pad", folds=2, stride=1), panel(length=8))


def test_window_too_small_to_train_on_is_refused():
    with pytest.raises(InputError, match="window is 10; context_length 8"):
        resolve(config(window=10, context_length=8), panel())


def test_unknown_metric_and_level_are_refused():
    with pytest.raises(InputError, match="did you mean 'mase'"):
        resolve(config(metrics="mas"), panel())
    with pytest.raises(InputError, match="level 80"):
        resolve(config(levels="80"), panel())


def test_forecasters_say_all_their_options():
    data = panel()
    entry = {"class_path": "MLP", "name": "small", "init_args": {"hidden_size": "8", "lr": "1e-2"}}
    chosen = resolve(config(models=[entry], baselines=["Theta"], levels=[0.2, 0.8]), data).config
    forecasters, complete = assemble(chosen, data)
    assert [forecaster.name for forecaster in forecasters] == ["small", "Theta"]
    options = complete.models[0].init_args
    assert (options["hidden_size"], options["lr"], options["layers"], options["levels"]) == (8, 0.01, 3, [0.2, 0.8])
    assert complete.baselines[0].init_args["seasonality"] == 7
    assert assemble(complete, data)[1] == complete


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"models": {"class_path": "MLP", "init_args": {"hiden_size": 3}}},
            "no option 'hiden_size'; did you mean 'hidden",
        ),
        (
            {"models": {"class_path": "MLP", "init_args": {"hidden_size": "big"}}},
            "model MLP: hidden_size is 'big'; expected a whole number. Correct it.",
        ),
        ({"models": {"class_path": "MLP", "init_args": {"hidden_size": 0}}}, "hidden_size is 0; it must be at least 1"),
        ({"models": "nowhere.Mine"}, "class 'nowhere.Mine' cannot be imported"),
        ({"models": "pathlib.Path"}, "'pathlib.Path' is no ForecastModule"),
        ({"baselines": {"class_path": "Theta", "init_args": {"seson": 3}}}, "baseline Theta has no option 'seson'"),
        ({"trainer": {"max_stps": 3}}, "trainer has no option 'max_stps'; did you mean 'max_steps'?"),
        ({"trainer": {"devices": [1.5]}}, "trainer: devices is [1.5]; expected"),
        ({"fit": {"max_steps": "many"}}, "max_steps is 'many'; expected a whole number"),
        ({"fit": {"max_steps": 0}}, "max_steps is 0"),
        ({"fit": {"epochs": -1}}, "epochs is -1"),
        ({"fit": {"windows": "few"}}, "windows is 'few'; expected a whole number"),
        ({"fit": {"draw": "last"}}, "draw 'last' is not known; known are random, recent"),
        ({"models": "none", "baselines": "none"}, "neither a model nor a baseline"),
    ],
)
def test_wrong_option_of_a_class_is_one_sentence(given, sentence):
    data = panel()
    with pytest.raises(InputError) as caught:
        assemble(resolve(config(**given), data).config, data)
    assert sentence in str(caught.value)


def test_intervals_are_told_and_checked():
    config = BacktestConfig.of({"data": "x.csv", "horizon": 3, "intervals": "aci"})
    assert BacktestConfig.of(config.plain()).intervals == "aci"
    with pytest.raises(InputError, match="intervals 'splt' is not known; did you mean 'split'"):
        BacktestConfig.of({"data": "x.csv", "horizon": 3, "intervals": "splt"})


@pytest.mark.parametrize(("told", "expected"), [("never", "never"), ("always", "always"), (3, 3), ("12", 12)])
def test_refit_is_a_word_or_a_number_of_folds(told, expected):
    config = BacktestConfig.of({"data": "d.csv", "horizon": 2, "refit": told})
    assert config.refit_every == expected
    assert BacktestConfig.of(config.plain()).refit_every == expected


def test_holes_are_told_checked_and_made_around_every_forecaster():
    data = panel()
    found = resolve(config(holes="0.25", models="MLP", baselines="Naive", intervals="split"), data).config
    assert found.plain()["holes"] == 0.25
    assert "holes" not in resolve(config(), data).config.plain()
    forecasters, _ = assemble(found, data)
    assert [(type(each).__name__, each.name, each.share) for each in forecasters] == [
        ("SeededHoled", "MLP", 0.25),
        ("Holed", "Naive", 0.25),
    ]
    with pytest.raises(InputError, match=r"holes is 1\.0; expected a share from 0 to below 1"):
        config(holes=1)
