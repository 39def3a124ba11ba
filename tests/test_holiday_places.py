import sys

import pytest

from datamodules.errors import InputError
from datamodules.made.holiday_places import check_holidays


def test_an_unknown_place_is_refused():
    with pytest.raises(InputError, match="did you mean 'AU-VIC'"):
        check_holidays("AU-VCI")
    with pytest.raises(InputError, match="did you mean 'AU-VIC'"):
        check_holidays("au-vic")
    with pytest.raises(InputError, match="expected a country"):
        check_holidays("Australia")


def test_without_the_package_the_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(InputError, match=r"pip install 'forecast-toolkit\[holidays\]'"):
        check_holidays("ES")
    check_holidays("dates.csv")
    check_holidays("US-federal")
