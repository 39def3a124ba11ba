import importlib
import subprocess
import sys

import forecast
from datamodules.find import catalog, find
from datamodules.sets.dataset import Dataset
from forecast.baselines.base import Baseline
from forecast.models.base import ForecastModule


def test_catalog_lists_the_classes_that_find_imports():
    for package, base in (
        ("forecast.models", ForecastModule),
        ("forecast.baselines", Baseline),
        ("datamodules", Dataset),
    ):
        listed, found = catalog(package, base.__name__), find(package, base)
        assert {name: entry.module for name, entry in listed.items()} == {
            name: kind.__module__ for name, kind in found.items()
        }
        assert {name: entry.summary for name, entry in listed.items()} == {
            name: (kind.__doc__ or "").splitlines()[0] for name, kind in found.items()
        }


def test_models_and_baselines_are_attributes_of_the_package():
    for name in (*find("forecast.models", ForecastModule), *find("forecast.baselines", Baseline), *forecast.__all__):
        assert getattr(forecast, name).__name__ == name
        assert name in dir(forecast)


def test_unknown_attribute_is_an_attribute_error():
    assert not hasattr(forecast, "LTSM")


def test_backtest_is_the_function_whatever_was_imported_first():
    module = importlib.import_module("forecast.backtest")
    from forecast import backtest

    assert callable(backtest)
    assert backtest is sys.modules["forecast.backtest"].backtest
    assert module is not None


def test_options_are_refused_before_anything_heavy_is_imported():
    code = (
        "import sys; from forecast.cli import main; "
        "code = main(['backtest', '--data', 'x.csv', '--horizon', '3', '--models', 'LTSM']); "
        "sys.exit(code if not {'torch', 'pandas'} & set(sys.modules) else 99)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (
        2,
        "forecast: error: model 'LTSM' is not known; did you mean 'LSTM'?",
    )
