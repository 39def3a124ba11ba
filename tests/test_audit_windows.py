"""The audit of data modules: a split that is not one, statistics of held-out rows, and none of it in the toolkit's."""

from dataclasses import replace
from functools import cached_property

import numpy as np
import pytest

from datamodules.base import Borders, PanelData
from datamodules.index import Index
from datamodules.inputs import Inputs
from datamodules.loader import BatchPlan, WindowLoader
from datamodules.preparation import Preparation
from datamodules.sets.driven import Driven
from datamodules.split import Part, Split
from datamodules.store import Store
from forecast.auditing.windows import audit_windows


def data_of(kind=PanelData, **options) -> PanelData:
    panel = Driven().load().select(np.arange(4))
    sizes = {"context_length": 14, "horizon": 7, "batch_size": 32}
    return kind(panel, **sizes, **{"prepare": Preparation(scaling="standard")} | options)


@pytest.mark.parametrize("by", ["fraction", "series"])
def test_toolkits_data_module_is_clean(by):
    shares = {"validation": 0.25, "test": 0.25}
    found = audit_windows(data_of(borders=Borders(by=by, **shares)))
    assert found.clean, found.verdict()
    assert set(found.checks["part"]) >= {"scaling of the targets", "encoding of covariates", "training windows"}


class Shuffled(PanelData):
    """Draws its windows for test at random, as an ordinary split of rows does."""

    def _drawn(self, begin: float, stop: float) -> WindowLoader:
        rows = np.random.default_rng(0).permutation(self.windows(self.split.train).rows)
        own = np.sort(rows[int(begin * len(rows)) : int(stop * len(rows))])
        return self._loader(Index(own, np.ones(len(own), np.int64), 1, {}), BatchPlan(len(own), 32))

    def train_dataloader(self):
        return self._drawn(0.0, 0.8)

    def val_dataloader(self):
        return self._drawn(0.8, 0.9)

    def test_dataloader(self):
        return self._drawn(0.9, 1.0)


def test_shuffled_split_is_caught():
    verdict = audit_windows(data_of(Shuffled)).verdict()
    assert verdict.startswith("LEAK: split: training targets that reach into the validation part")
    assert "training windows; first of series" in verdict


def test_shuffled_split_is_caught_from_plain_batches():
    class Plain(Shuffled):
        def train_dataloader(self):
            return list(super().train_dataloader())

    assert "split: training targets that reach into the test part" in audit_windows(data_of(Plain)).verdict()


class ScaledByAll(PanelData):
    """Learns its scales and categories from all rows."""

    @cached_property
    def inputs(self) -> Inputs:
        everything = Part(self.panel.offsets[:-1], self.panel.offsets[1:])
        return Inputs.fit(self.panel, everything, self.prepare, context_length=14, horizon=7)


def test_scaler_fitted_on_all_rows_is_caught():
    found = audit_windows(data_of(ScaledByAll))
    assert found.verdict().startswith("LEAK: scaling of the targets moved when garbage was put after cutoff")
    assert {"encoding of covariates", "training windows"} <= set(found.leaks["part"])


class KeepsAMean(PanelData):
    """Keeps what it has computed from the panel, and scales by it."""

    @cached_property
    def level(self) -> float:
        return float(np.nanmean(self.panel.target))

    @property
    def inputs(self) -> Inputs:
        units = super().inputs.units
        return replace(super().inputs, units=replace(units, own=units.own + self.level))


def test_what_a_module_keeps_of_the_panel_is_computed_anew_for_garbage():
    module = data_of(KeepsAMean)
    assert module.level  # kept from now on
    assert audit_windows(module).verdict().startswith("LEAK: scaling of the targets")


def test_split_without_a_gap_between_its_parts_is_caught():
    class Overlapping(PanelData):
        @property
        def split(self) -> Split:
            honest = super().split
            return honest._replace(train=Part(honest.train.begin, honest.train.stop + 3))

    assert "split: training targets that reach" in audit_windows(data_of(Overlapping)).verdict()


def test_context_that_reaches_beyond_its_cutoff_is_caught(monkeypatch):
    honest = Store._context

    def later(self, rows, *rest):
        return honest(self, (rows + 1).clamp(max=len(self.target) - 8), *rest)

    monkeypatch.setattr(Store, "_context", later)
    assert "context of a test window" in set(audit_windows(data_of()).leaks["part"])
