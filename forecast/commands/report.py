"""``forecast report``: the report again, from the stored tables."""

from collections.abc import Sequence
from pathlib import Path

from forecast.commands.parser import Parser


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Write report.html in the folder of a finished backtest, study or tuning again; of a study both pages."""
    parser = Parser(command, purpose, epilog="example:\n  forecast report runs/co2")
    parser.add_argument("folder", metavar="DIR", help="folder that 'forecast backtest', 'study' or 'tune' wrote")
    folder = Path(str(parser.read(arguments)["folder"]))
    from forecast.commands.folder import check_writable
    from forecast.commands.terminal import say
    from forecast.result import Backtest

    if (folder / "study.yaml").is_file():
        from forecast.study.result import StudyResult

        study = StudyResult.load(folder)
        check_writable(folder)
        study.backtest.report(folder / "backtest.html")
        say(f"report: {study.report(folder / 'report.html')}")
        return 0
    from forecast.tune.result import TuningResult

    result = TuningResult.load(folder) if (folder / "tuning.yaml").is_file() else Backtest.load(folder)
    check_writable(folder)
    say(f"report: {result.report(folder / 'report.html')}")
    return 0
