"""What the contract tests of forecasters run over."""

from collections.abc import Callable

import pytest

from forecast.baselines.base import Baseline
from forecast.forecaster import Forecaster, find


def forecasters() -> dict[str, Callable[[], Forecaster]]:
    """A maker of an unfitted forecaster by name: every baseline that there is; add other kinds here."""
    return dict(find("forecast.baselines", Baseline))


@pytest.fixture(params=sorted(forecasters()))
def make(request):
    """Makes an unfitted forecaster."""
    return forecasters()[request.param]
