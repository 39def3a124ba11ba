import json

import numpy as np
import pytest

from datamodules.errors import InputError
from datamodules.readers import load, source

FULL = [
    {
        "item_id": "b",
        "start": "2024-01-01",
        "target": [1, None, "NaN", 4],
        "feat_static_cat": [1],
        "feat_static_real": [0.5, 2],
        "feat_dynamic_real": [[1, 2, 3, 4, 5]],
        "past_feat_dynamic_real": [[9, 8, 7, 6]],
    },
    {
        "item_id": "a",
        "start": "2024-01-02",
        "target": [1, 2],
        "feat_static_cat": [0],
        "feat_static_real": [1.5, 3],
        "feat_dynamic_real": [[1, 2, 3]],
        "past_feat_dynamic_real": [[5, 4]],
    },
]


@pytest.fixture
def write(tmp_path):
    def to_file(*objects: object, name: str = "small.jsonl"):
        (tmp_path / name).write_text("\n".join(json.dumps(each) for each in objects))
        return tmp_path / name

    return to_file


def test_features_have_the_roles_of_their_names(write):
    panel = load(write(*FULL), freq="D")
    assert panel.ids.tolist() == ["a", "b"]
    assert panel.columns.known == ("dynamic_real_0",)
    assert panel.columns.past == ("past_dynamic_real_0",)
    assert panel.columns.static == ("static_cat_0", "static_real_0", "static_real_1")
    assert panel.categories == {"static_cat_0": ("0", "1")}
    assert panel.static.tolist() == [[0, 1.5, 3], [1, 0.5, 2]]


def test_known_features_reach_past_the_last_target(write):
    panel = load(write(*FULL), freq="D")
    np.testing.assert_array_equal(panel.target[:, 0], [1, 2, np.nan, 1, np.nan, np.nan, 4, np.nan])
    np.testing.assert_array_equal(panel.known[:, 0], [1, 2, 3, 1, 2, 3, 4, 5])
    np.testing.assert_array_equal(panel.past[:, 0], [5, 4, np.nan, 9, 8, 7, 6, np.nan])
    assert panel.start.tolist() == [1, 0]


def test_roles_that_are_asked_for_win(write):
    found = source(write(*FULL), freq="D", static=["static_real_0"], known=["dynamic_real_0"])
    assert found.panel().columns.static == ("static_real_0",)


def test_frequency_may_stand_in_the_objects(write):
    path = write({"target": [1, 2], "start": "2024-01-01", "freq": "h"}, name="small.json")
    assert load(path).clock.freq == "h"


def test_series_without_names_and_stamps_are_numbered_and_end_together(write):
    panel = load(write({"target": [1]}, {"target": [2, 3]}), freq=1)
    assert panel.ids.tolist() == ["0", "1"]
    assert panel.start.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("objects", "sentence"),
    [
        ([[1, 2]], r"line 1 of .*small.jsonl is '\[1, 2\]'; expected one object a line"),
        ([{"start": "2024-01-01"}], "target in line 1 of .* is missing or empty"),
        ([{"target": 5}], "target in line 1 of .* is '5'; expected a list"),
        ([{"target": [[1, 2], [3, 4]]}], "target in line 1 of .* is a list of lists"),
        ([{"target": [1]}, {"target": [1, "x"]}], "target in line 2 of .* holds what is no number: .*'x'"),
        ([{"target": [1, 2], "feat_dynamic_real": [[1]]}], "has 1 steps, but target has 2; expected at least as many"),
        ([{"target": [1], "past_feat_dynamic_real": [[1, 2]]}], "has 2 steps, but target has 1; expected as many"),
        ([{"target": [1], "feat_dynamic_real": [1]}], "feat_dynamic_real in line 1 of .* is '1'; expected a list"),
        (
            [{"target": [1], "feat_dynamic_real": [[1], [1, 2]]}],
            "lists of feat_dynamic_real in line 1 .* differ in len",
        ),
        ([{"target": [1], "feat_static_cat": [1]}, {"target": [1]}], "has 1 features in line 1 of .* 0 in line 2 of"),
        ([{"target": [1], "item_id": "a"}] * 2, "item_id 'a' stands in line 1 of .* and again in line 2 of"),
        (
            [{"target": [1], "item_id": 1}, {"target": [1], "item_id": "1"}],
            "names series '1' as int '1' and, in line 2",
        ),
        ([{"target": [1], "item_id": "a"}, {"target": [1]}], "'unique_id' is empty in line 2"),
        ([{"target": [1], "start": "soon"}], "column 'start' holds 'soon' in line 1 of"),
        ([{"target": [1], "start": "2024-01-01"}, {"target": [1]}], "column 'start' is empty in line 2 of"),
    ],
)
def test_bad_lines_are_named(write, objects, sentence):
    with pytest.raises(InputError, match=sentence):
        load(write(*objects), freq="D")


def test_a_frequency_must_be_said_once(write):
    with pytest.raises(InputError, match=r"says no frequency; say it with freq"):
        load(write({"target": [1, 2], "start": "2024-01-01"}))
    hours, days = ({"target": [1, 2], "start": "2024-01-01", "freq": freq} for freq in ("h", "D"))
    with pytest.raises(InputError, match=r"freq is 'h' in line 1 of .* but 'D' in line 2 of"):
        load(write(hours, days))


def test_a_zone_is_of_no_use_to_series_that_count_steps(write):
    with pytest.raises(InputError, match=r"zone is 'Europe/Madrid', but the series of .* have only a start"):
        load(write(*FULL), freq="h", zone="Europe/Madrid")


def test_what_is_no_json_is_named(tmp_path):
    (tmp_path / "bad.json").write_text('{"target": [1, 2]}\n{"target": [1,\n')
    with pytest.raises(InputError, match=r"line 2 of .*bad\.json is no JSON object"):
        load(tmp_path / "bad.json", freq="D")
    (tmp_path / "empty.json").write_text("\n")
    with pytest.raises(InputError, match=r"empty\.json is empty"):
        load(tmp_path / "empty.json", freq="D")
