"""Files of data sets are downloaded once, whole and checked, from a server on this machine."""

import hashlib
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from datamodules.errors import InputError
from datamodules.find import find
from datamodules.sets import download
from datamodules.sets.dataset import Dataset, Downloaded
from datamodules.sets.download import Remote, cache, github, has_checksum, local

TEXT = b"date,OT\n2016-07-01,30.5\n" * 100
SHA256 = f"sha256:{hashlib.sha256(TEXT).hexdigest()}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The cache, with nothing in the environment that points elsewhere and no waiting between attempts."""
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path / "cache"))
    monkeypatch.delenv("FORECAST_DATA_URL", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(download, "PAUSES", (0, 0, 0))
    return tmp_path / "cache"


@pytest.fixture
def serve():
    """Starts a server: ``serve(a_csv=[answers to /a.csv in turn, the last for ever])`` -> its address, what was asked.

    An answer is a status, content, or ``None`` for content that breaks off half way.
    """
    servers = []

    def start(**answers):
        asked = []

        class Server(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                turns = answers.get(self.path.strip("/").replace(".", "_"), [404])
                answer = turns.pop(0) if len(turns) > 1 else turns[0]
                self.send_response(answer if isinstance(answer, int) else 200)
                body = TEXT if answer is None else b"" if isinstance(answer, int) else answer
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if answer is None else body)

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}", asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def closed():
    """An address where nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}"


def kept(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_file_is_downloaded_once(folder, serve, capfd):
    url, asked = serve(a_csv=[TEXT])
    file = Remote((f"{url}/a.csv",), SHA256)
    assert local(file).read_bytes() == TEXT
    assert local(file) == folder / "a.csv"
    assert asked == ["/a.csv"]
    assert kept(folder) == ["a.csv"]
    assert capfd.readouterr() == ("", "")


def test_file_in_the_cache_needs_no_network_and_no_pooch(folder, monkeypatch):
    folder.mkdir()
    (folder / "a.csv").write_bytes(TEXT)
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert local(Remote((f"{closed()}/a.csv",), SHA256)).read_bytes() == TEXT


@pytest.mark.parametrize("answer", [500, 503, 429, None], ids=str)
def test_passing_fault_is_tried_again(folder, serve, answer):
    url, asked = serve(a_csv=[answer, answer, TEXT])
    assert local(Remote((f"{url}/a.csv",), SHA256)).read_bytes() == TEXT
    assert len(asked) == 3
    assert kept(folder) == ["a.csv"]


@pytest.mark.parametrize(
    ("answer", "count", "reason"),
    [
        (404, 1, "status 404"),
        (500, 3, "status 500"),
        (b"<html>sign in</html>", 1, "its content is not the expected one, sha256:"),
        (None, 3, "no connection|ChunkedEncodingError"),
    ],
    ids=str,
)
def test_lasting_fault_is_said_and_leaves_nothing(folder, serve, answer, count, reason):
    url, asked = serve(a_csv=[answer])
    with pytest.raises(InputError, match=f"a.csv could not be downloaded \\({url}/a.csv: ({reason})") as raised:
        local(Remote((f"{url}/a.csv",), SHA256))
    assert f"by hand to {folder / 'a.csv'}, or name a folder that has it with data_dir" in str(raised.value)
    assert len(asked) == count
    assert kept(folder) == []


def test_without_a_network_the_sentence_names_each_address_and_what_to_do(folder):
    urls = (f"{closed()}/a.csv", f"{closed()}/a.csv")
    with pytest.raises(InputError, match=r"no connection.*; http.*no connection") as raised:
        local(Remote(urls, SHA256))
    assert all(url in str(raised.value) for url in urls)
    assert str(folder / "a.csv") in str(raised.value)


def test_mirror_is_asked_where_the_first_address_fails(folder, serve):
    url, asked = serve(gone_csv=[404], a_csv=[TEXT])
    assert local(Remote((f"{closed()}/gone.csv", f"{url}/gone.csv", f"{url}/a.csv"), SHA256)).read_bytes() == TEXT
    assert asked == ["/gone.csv", "/a.csv"]
    assert kept(folder) == ["gone.csv"]


def test_damaged_file_in_the_cache_is_downloaded_again(folder, serve):
    folder.mkdir()
    (folder / "a.csv").write_bytes(TEXT[:50])
    url, _ = serve(a_csv=[TEXT])
    assert local(Remote((f"{url}/a.csv",), SHA256)).read_bytes() == TEXT


def test_another_file_in_the_cache_stays_when_the_right_one_cannot_be_had(folder):
    folder.mkdir()
    (folder / "a.csv").write_bytes(b"mine")
    with pytest.raises(InputError, match="could not be downloaded"):
        local(Remote((f"{closed()}/a.csv",), SHA256))
    assert (folder / "a.csv").read_bytes() == b"mine"


def test_another_server_is_asked_for_all_files_by_name(folder, serve, monkeypatch):
    url, asked = serve(**{"data/a_csv": [TEXT]})
    monkeypatch.setenv("FORECAST_DATA_URL", f"{url}/data/")
    assert local(github("owner/name", "main", "deep/in/a.csv", SHA256)).read_bytes() == TEXT
    assert asked == ["/data/a.csv"]


def test_folder_of_a_person_is_used_as_it_is(folder, tmp_path):
    file = github("owner/name", "main", "Hourly-train.csv", SHA256, "m4_hourly_train.csv")
    (tmp_path / "m4_hourly_train.csv").write_text("mine")
    assert local(file, tmp_path) == tmp_path / "m4_hourly_train.csv"
    (tmp_path / "Hourly-train.csv").write_text("mine too")
    assert local(file, str(tmp_path)) == tmp_path / "Hourly-train.csv"
    assert not folder.exists()


def test_folder_without_the_file_is_refused(folder, tmp_path):
    file = github("owner/name", "main", "a.csv", SHA256, "b.csv")
    with pytest.raises(InputError, match=r"has no a\.csv or b\.csv; put it there, or leave data_dir out"):
        local(file, tmp_path)
    with pytest.raises(InputError, match=r"data_dir .*no-such is no folder"):
        local(file, tmp_path / "no-such")


def test_cache_that_cannot_be_made_is_said(tmp_path, folder, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FORECAST_DATA", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"a.csv cannot be kept in .*file: .*Name another with FORECAST_DATA"):
        local(Remote((f"{closed()}/a.csv",), SHA256))


def test_cache_is_where_the_machine_keeps_caches(folder, monkeypatch):
    assert cache() == folder
    monkeypatch.delenv("FORECAST_DATA")
    assert cache().name == "forecast-toolkit"


def test_without_pooch_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'forecast-toolkit\[data\]', or name a folder"):
        local(Remote((f"{closed()}/a.csv",), SHA256))


def test_checksum_of_git_is_that_of_git(tmp_path):
    path = tmp_path / "hello"
    path.write_bytes(b"hello\n")
    assert has_checksum(path, "git:ce013625030ba8dba906f756967f9e9ca394464a")  # git hash-object
    path.write_bytes(b"hallo\n")
    assert not has_checksum(path, "git:ce013625030ba8dba906f756967f9e9ca394464a")


def test_files_of_data_sets_have_one_name_each_a_checksum_and_a_fixed_version():
    kinds = [kind for kind in find("datamodules", Dataset).values() if issubclass(kind, Downloaded)]
    files = [file for kind in kinds for file in kind.files]
    assert len({file.name for file in files}) == len(files) == 20
    for file in files:
        kind, _, digits = file.checksum.partition(":")
        assert len(digits) == {"sha256": 64, "git": 40}[kind]
        assert all(url.startswith("https://") and url.endswith(f"/{file.name}") for url in file.urls)
        assert all("/main/" not in url and "/master/" not in url for url in file.urls)
