"""Files of data sets: in a person's folder, in the cache, or downloaded, checked and then kept in the cache.

A folder that a person names is used as it is: any of a file's names will do, and its content is not compared, since
copies are often written anew. The cache is ours: ``FORECAST_DATA`` names it, else it is where this machine keeps
caches. What lies there must have the file's checksum, and is downloaded again when it has not. ``FORECAST_DATA_URL``
names a server that has all files under their own names, for machines that reach no other.
"""

import hashlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from datamodules.errors import InputError

PAUSES: Final = (0.0, 0.5, 2.0)  # seconds before each round over the addresses
_BLOCK: Final = 1 << 20  # bytes read at a time


class Remote(NamedTuple):
    """A file that is downloaded once.

    Attributes:
        urls: where it is, tried in turn; they end in its name.
        checksum: ``sha256:...`` of its content, or ``git:...``, the id that git gives this content.
        copies: other names that a person's copy of it may have.
    """

    urls: tuple[str, ...]
    checksum: str
    copies: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.urls[0].rpartition("/")[2]


def github(repository: str, commit: str, path: str, checksum: str, *copies: str) -> Remote:
    """A file in a repository on GitHub as it was at ``commit``: there, or at a mirror of GitHub.

    Example:
        >>> github("owner/name", "1d16c8f", "data/a.csv", "sha256:0").urls[0]
        'https://raw.githubusercontent.com/owner/name/1d16c8f/data/a.csv'
    """
    own = f"https://raw.githubusercontent.com/{repository}/{commit}/{path}"
    mirror = f"https://cdn.jsdelivr.net/gh/{repository}@{commit}/{path}"
    return Remote((own, mirror), checksum, copies)


def local(file: Remote, folder: str | Path = "") -> Path:
    """Where the file lies on this machine: in ``folder`` when one is given, else in the cache, downloaded if need be.

    Raises:
        InputError: when the folder has none of its names, or it is not in the cache and cannot be downloaded.
    """
    if folder:
        return _given(file, Path(folder).expanduser())
    target = cache() / file.name
    if not (target.is_file() and has_checksum(target, file.checksum)):
        _download(file, target)
    return target


def cache() -> Path:
    """The folder that downloads are kept in: that of ``FORECAST_DATA``, else this machine's place for caches."""
    named = os.environ.get("FORECAST_DATA", "")
    if named:
        return Path(named).expanduser()
    _require_pooch()
    import pooch

    return Path(pooch.os_cache("forecast-toolkit"))


def has_checksum(path: Path, checksum: str) -> bool:
    """Whether a file's content has the checksum, ``sha256:...`` or ``git:...``.

    Git's id is the SHA-1 of ``blob``, the content's size, a zero byte, and the content.
    """
    kind, _, expected = checksum.partition(":")
    size = path.stat().st_size
    digest = hashlib.sha256() if kind == "sha256" else hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest() == expected


def _given(file: Remote, folder: Path) -> Path:
    if not folder.is_dir():
        raise InputError(f"data_dir {folder} is no folder; expected one with {file.name}. Correct it or leave it out.")
    names = (file.name, *file.copies)
    found = [folder / name for name in names if (folder / name).is_file()]
    if not found:
        raise InputError(f"{folder} has no {' or '.join(names)}; put it there, or leave data_dir out to download it.")
    return found[0]


class _Failure(NamedTuple):
    """Why a download failed, and whether another try may help."""

    reason: str
    again: bool


def _download(file: Remote, target: Path) -> None:
    """Put the file at ``target``, whole and checked; until then it lies in a folder beside it that always goes away."""
    _require_pooch()
    base = os.environ.get("FORECAST_DATA_URL", "").rstrip("/")
    urls = (f"{base}/{file.name}",) if base else file.urls
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="download-", dir=target.parent) as folder:
            part = Path(folder) / file.name
            failures = _try(urls, part, file.checksum)
            if len(failures) < len(urls):
                part.replace(target)
                return
    except OSError as error:
        raise InputError(
            f"{file.name} cannot be kept in {target.parent}: {error.strerror or error}; expected a folder to write to. "
            "Name another with FORECAST_DATA."
        ) from error
    told = "; ".join(f"{url}: {failure.reason}" for url, failure in failures.items())
    raise InputError(
        f"{file.name} could not be downloaded ({told}); expected a network when it is first used. Download it by hand "
        f"to {target}, or name a folder that has it with data_dir (--data-dir FOLDER)."
    )


def _try(urls: Sequence[str], part: Path, checksum: str) -> dict[str, _Failure]:
    """How each address failed that was tried before one put the right content at ``part``."""
    failures: dict[str, _Failure] = {}
    for pause in PAUSES:
        left = [url for url in urls if url not in failures or failures[url].again]
        time.sleep(pause if left else 0)
        for url in left:
            failure = _attempt(url, part, checksum)
            if not failure:
                return {tried: why for tried, why in failures.items() if tried != url}
            failures[url] = failure
    return failures


def _attempt(url: str, part: Path, checksum: str) -> _Failure | None:
    """How the download failed; None when ``part`` is there and right."""
    import pooch
    import requests

    fetch = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=30)
    try:
        fetch(url, str(part), None)
    except requests.HTTPError as error:
        status = getattr(error.response, "status_code", 0)
        return _Failure(f"status {status}", again=status >= 500 or status == 429)
    except requests.RequestException as error:
        plain = type(error) is requests.ConnectionError  # others, such as SSLError, say more
        return _Failure("no connection" if plain else type(error).__name__, again=True)
    if not has_checksum(part, checksum):
        return _Failure(f"its content is not the expected one, {checksum[:19]}...", again=False)
    return None


def _require_pooch() -> None:
    from importlib.util import find_spec

    if find_spec("pooch") is None:
        raise InputError(
            "pooch is not installed, which downloads data sets; expected the extra named data. Say pip install "
            "'forecast-toolkit[data]', or name a folder that has the files with data_dir (--data-dir FOLDER)."
        )
