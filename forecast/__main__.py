"""The ``forecast`` command: ``python -m forecast`` is the same."""

import sys

from forecast.cli import main

if __name__ == "__main__":
    sys.exit(main())
