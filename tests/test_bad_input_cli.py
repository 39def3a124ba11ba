"""Each mistake is one sentence on stderr, exit code 2, no traceback, and nothing written."""

import numpy as np
import pandas as pd
import pytest
import torch

from forecast.cli import main


def table(rows=60, **columns):
    days = pd.date_range("2024-01-01", periods=rows, freq="D").strftime("%Y-%m-%d")
    values = 10 + np.sin(np.arange(rows) * 2 * np.pi / 7)
    return pd.DataFrame({"unique_id": "a", "ds": days, "y": values} | columns)


def with_cell(column, row, value):
    frame = table().astype({column: object})
    frame.loc[row, column] = value
    return frame


FILES = {
    "good.csv": table(),
    "short.csv": pd.concat([table(), table(14).assign(unique_id="b")]),
    "no_column.csv": table().rename(columns={"y": "value", "ds": "when"}).assign(other=1.0),
    "bad_time.csv": with_cell("ds", 5, "yesterday"),
    "twice.csv": pd.concat([table(), table(3)]),
    "irregular.csv": table(4).assign(ds=["2024-01-01", "2024-01-03", "2024-01-10", "2024-02-20"]),
    "one_row.csv": table(1),
    "text.csv": with_cell("y", 7, "many"),
    "infinite.csv": with_cell("y", 7, "inf"),
    "missing.csv": table(y=np.nan),
}
TEXTS = {
    "empty.csv": "",
    "header.csv": "unique_id,ds,y\n",
    "noise.parquet": "this is no parquet file",
    "broken.yaml": "data: good.csv\nhorizon: [3\nfolds: 2\n",
    "unknown.yaml": "data: good.csv\nhorizn: 3\n",
    "wrong.yaml": "data: good.csv\nhorizon: 3\nmodels:\n- class_path: MLP\n  init_args: {hiden_size: 3}\n",
    "truncated.ckpt": "PK\x03\x04 and no more",
    "notes.txt": "hello",
}
QUICK = ["--models", "none", "--baselines", "Naive"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, frame in FILES.items():
        frame.to_csv(name, index=False)
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text)
    torch.save({"weight": torch.zeros(2)}, "weights.ckpt")
    torch.save({"hyper_parameters": {"call": print}}, "code.ckpt")
    return tmp_path


def backtest(words, quick=True):
    return [*f"backtest {words}".split(), *(QUICK[2 if "--models" in words else 0 :] if quick else [])]


BACKTESTS = {
    "file missing": ("--data nothing.csv --horizon 3", "file nothing.csv does not exist"),
    "file missing, near": ("--data god.csv --horizon 3", "did you mean 'good.csv'?"),
    "data set unknown": ("--data CO3 --horizon 3", "did you mean 'CO2'?"),
    "file empty": ("--data empty.csv --horizon 3", "empty.csv is empty"),
    "file without rows": ("--data header.csv --horizon 3", "header.csv is empty"),
    "file unreadable": ("--data noise.parquet --horizon 3", "cannot be read as parquet"),
    "file of another kind": ("--data notes.txt --horizon 3", "ends in '.txt'"),
    "folder": ("--data . --horizon 3", "holds files of several kinds"),
    "column missing": ("--data good.csv --horizon 3 --target sales", "'sales'"),
    "columns unclear": ("--data no_column.csv --horizon 3", "--target"),
    "time does not parse": ("--data bad_time.csv --horizon 3", "'yesterday'"),
    "duplicates": ("--data twice.csv --horizon 3", "3 rows repeat"),
    "no frequency": ("--data irregular.csv --horizon 1", "no frequency can be inferred"),
    "one row": ("--data one_row.csv --horizon 1", "no frequency can be inferred"),
    "frequency unknown": ("--data good.csv --horizon 3 --freq fortnight", "'fortnight' is not known"),
    "frequency does not fit": ("--data good.csv --horizon 3 --freq W-MON", "'W-MON'"),
    "text among numbers": ("--data text.csv --horizon 3", "'many'"),
    "infinite": ("--data infinite.csv --horizon 3", "holds inf in line 9"),
    "all missing": ("--data missing.csv --horizon 3", "no value at all"),
    "no data": ("--horizon 3", "no data is named"),
    "no horizon": ("--data good.csv", "no horizon is given"),
    "horizon below 1": ("--data good.csv --horizon 0", "horizon is 0; it must be at least 1"),
    "horizon no number": ("--data good.csv --horizon week", "horizon is 'week'; expected a whole number"),
    "context below 1": ("--data good.csv --horizon 3 --context-length 0", "context_length is 0; it must be at least 1"),
    "context negative": ("--data good.csv --horizon 3 --context-length -3", "context_length is -3"),
    "folds below 1": ("--data good.csv --horizon 3 --folds 0", "folds is 0"),
    "too few rows": (
        "--data short.csv --horizon 3 --context-length 14",
        "series 'b' has 14 rows; context_length 14 + hor",
    ),
    "longer than the series": ("--data good.csv --horizon 70", "series 'a' has 60 rows"),
    "metric unknown": ("--data good.csv --horizon 3 --metrics mas", "metric 'mas' is not known; did you mean 'mase'?"),
    "level out of range": ("--data good.csv --horizon 3 --levels 80", "level 80.0 is not between 0 and 1"),
    "short unknown": ("--data good.csv --horizon 3 --short drop", "short 'drop' is not known"),
    "refit unknown": ("--data good.csv --horizon 3 --refit weekly", "refit is 'weekly'"),
    "option unknown": ("--data good.csv --horizn 3", "option '--horizn' is not known; did you mean '--horizon'?"),
    "option without value": ("--data good.csv --horizon", "expected one argument"),
    "word too many": ("good.csv --horizon 3", "'good.csv' is one word too many"),
    "config missing": ("--config nothing.yaml", "file nothing.yaml cannot be read: No such file"),
    "config broken": ("--config broken.yaml", "broken.yaml, line 3 is not YAML"),
    "config with unknown key": (
        "--config unknown.yaml",
        "unknown.yaml: option 'horizn' is not known; did you mean 'hor",
    ),
    "trainer option unknown": (
        "--data good.csv --horizon 3 --trainer devces=2",
        "no option 'devces'; did you mean 'dev",
    ),
    "trainer file missing": ("--data good.csv --horizon 3 --trainer quick.yaml", "file quick.yaml cannot be read"),
    "model named twice": ("--data good.csv --horizon 3 --models Linear Linear", "two forecasters are called 'Linear'"),
    "feature set named twice": (
        "--data good.csv --horizon 3 --models Linear --feature-sets A=y A=y,calendar",
        "feature_sets names 'A' twice",
    ),
    "feature unknown": ("--data good.csv --horizon 3 --models Linear --use sky", "use names 'sky', which is not known"),
    "feature without members": (
        "--data good.csv --horizon 3 --models Linear --feature-sets A=y B=y,known",
        "use names 'known', but the data has no known covariates",
    ),
    "calendar too fine": (
        "--data good.csv --horizon 3 --models Linear --calendar hour",
        "calendar names 'hour', which never changes",
    ),
    **{
        f"shard {text}": (
            f"--data good.csv --horizon 3 --shard {text}",
            f"shard is {text!r}; expected a number of a total",
        )
        for text in ("0/3", "4/3", "x")
    },
    "workers none": ("--data good.csv --horizon 3 --workers 0", "workers is 0; it must be at least 1"),
    "workers no number": ("--data good.csv --horizon 3 --workers many", "workers is 'many'; expected a whole number"),
    "threads none": ("--data good.csv --horizon 3 --threads 0", "threads is 0; it must be at least 1"),
    "engine unknown": ("--data good.csv --horizon 3 --engine procs", "engine 'procs' is not known"),
    "engine without workers": (
        "--data good.csv --horizon 3 --engine serial --workers 2",
        "engine serial has 1 worker, not 2",
    ),
    "address without Ray": (
        "--data good.csv --horizon 3 --engine processes --ray-address auto",
        "ray_address is for engine ray, not processes",
    ),
    "output is a file": ("--data good.csv --horizon 3 --output notes.txt", "notes.txt is a file"),
    "output below a file": ("--data good.csv --horizon 3 --output notes.txt/deep/er", "notes.txt is a file"),
}
OTHERS = {
    "command unknown": ("bakctest --data x.csv", "command 'bakctest' is not known; did you mean 'backtest'?"),
    "option before command": ("--foo", "option '--foo' is not known"),
    "model unknown": (
        "backtest --data good.csv --horizon 3 --models LTSM",
        "model 'LTSM' is not known; did you mean 'LSTM'?",
    ),
    "baseline unknown": ("backtest --data good.csv --horizon 3 --baselines Tetha", "did you mean 'Theta'?"),
    "model option unknown": ("backtest --config wrong.yaml", "no option 'hiden_size'; did you mean 'hidden_size'?"),
    "nobody takes part": ("backtest --data good.csv --horizon 3 --models none --baselines none", "neither a model nor"),
    "list of nothing": ("list", "required: kind"),
    "list unknown": ("list modls", "did you mean 'models'?"),
    "describe missing": ("describe --data nothing.csv", "does not exist"),
    "describe without data": ("describe", "required: --data"),
    "describe horizon": ("describe --data good.csv --horizon 0", "horizon is 0"),
    "merge of nothing": ("merge nothing", "nothing holds no backtest: config.yaml is missing"),
    "merge of several into none": ("merge one two", "no output is named for 2 folders"),
    "report of nothing": ("report nothing", "holds no finished backtest"),
    "predict without output": ("predict --checkpoint x.ckpt --data good.csv", "required: --output"),
    "predict other ending": ("predict --checkpoint x.ckpt --data good.csv --output p.txt", "ends in '.txt'"),
    "predict below a file": (
        "predict --checkpoint x.ckpt --data good.csv --output notes.txt/p.csv",
        "notes.txt is a file",
    ),
    "checkpoint missing": ("predict --checkpoint x.ckpt --data good.csv --output p.csv", "x.ckpt cannot be read"),
    "checkpoint truncated": ("predict --checkpoint truncated.ckpt --data good.csv --output p.csv", "truncated"),
    "checkpoint of weights": ("predict --checkpoint weights.ckpt --data good.csv --output p.csv", "holds no network"),
    "checkpoint with code": ("predict --checkpoint code.ckpt --data good.csv --output p.csv", "is refused"),
    "checkpoint is an address": (
        "predict --checkpoint http://a/b.ckpt --data good.csv --output p.csv",
        "is an address",
    ),
    "fit model unknown": ("fit --model LTSM --data CO2", "model 'LTSM' is not known; did you mean 'LSTM'"),
    "fit data unknown": ("fit --model LSTM --data CO3", "data 'CO3' is not known; did you mean 'CO2'"),
    "fit option unknown": ("fit --model LSTM --data CO2 --model.hiden_size 3", "did you mean 'hidden_size'"),
    "fit trainer option": ("fit --model LSTM --data CO2 --trainer.max_stps 3", "did you mean '--trainer.max_steps'"),
    "fit value out of range": ("fit --model LSTM --data CO2 --model.hidden_size -3", "hidden_size is -3"),
    "fit value of another kind": ("fit --model LSTM --data CO2 --data.horizon soon", "Got value: soon"),
    "fit file missing": ("fit --model LSTM --data FileData --data.path nothing.csv", "nothing.csv does not exist"),
    "fit config broken": ("fit --config broken.yaml", "line 3"),
    "test of other checkpoint": ("test --model LSTM --data CO2 --ckpt_path weights.ckpt", "holds no network"),
    "validate with code": ("validate --model LSTM --data CO2 --ckpt_path code.ckpt", "is refused"),
}
CASES = {name: (backtest(words), sentence) for name, (words, sentence) in BACKTESTS.items()} | {
    name: (words.split(), sentence) for name, (words, sentence) in OTHERS.items()
}


@pytest.mark.parametrize("case", CASES)
def test_mistake_is_one_sentence_and_nothing_is_written(case, folder, capfd):
    words, sentence = CASES[case]
    before = sorted(folder.rglob("*"))
    assert main(words) == 2
    error = capfd.readouterr().err.splitlines()
    assert len(error) == 1, error
    assert error[0].startswith("forecast: error: ")
    assert sentence in error[0]
    assert sorted(folder.rglob("*")) == before
