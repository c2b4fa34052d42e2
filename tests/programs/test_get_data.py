"""tools/get_data.py as a user runs it, against a server on this machine."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from dataclasses import replace
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from adversarial.command_line import program
from adversarial.datasets import standins
from adversarial.datasets.cifar10 import CIFAR10
from adversarial.programs import get_data

TOOL = Path(__file__).parents[2] / "tools" / "get_data.py"


@pytest.fixture
def url(tmp_path, monkeypatch):
    """The address of an archive that is known as CIFAR-10's here."""
    folder = standins.cifar10(tmp_path / "made", examples=10)[0].parent
    (folder / standins.NOTE).unlink()
    with tarfile.open(tmp_path / "cifar-10-python.tar.gz", "w:gz") as archive:
        archive.add(folder, "cifar-10-batches-py")
    content = (tmp_path / "cifar-10-python.tar.gz").read_bytes()
    known = replace(get_data.ARCHIVES["cifar10"], sha256=sha256(content).hexdigest(), size=len(content))
    monkeypatch.setitem(get_data.ARCHIVES, "cifar10", known)
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path))

        def log_message(self, *args):
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/cifar-10-python.tar.gz"
    server.shutdown()
    server.server_close()


def refused(capsys, *argv):
    with pytest.raises(SystemExit) as end:
        program.run(get_data.main, list(map(str, argv)))
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return end.value.code, lines[0].split("error: ", 1)[1]


def test_what_is_fetched_is_what_cifar10_reads(url, tmp_path, capsys, monkeypatch):
    data = tmp_path / "data"
    get_data.main(["cifar10", "--dir", str(data), "--url", url])
    shown = capsys.readouterr().out
    assert f"cifar10 is in {data / 'cifar10'}" in shown and f"set PYLEARN2_DATA_PATH to {data}" in shown
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(data))
    assert CIFAR10(which_set="train").get_num_examples() == 50
    get_data.main(["cifar10", "--url", "http://127.0.0.1:9/none"])
    assert "already" in capsys.readouterr().out


def test_the_folder_of_data_is_2014s(url, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path / "here"))
    get_data.main(["cifar10", "--url", url, "--quiet"])
    assert CIFAR10(which_set="test").get_num_examples() == 10
    assert capsys.readouterr() == ("", "")


def test_made_up_images_do_not_pass_for_the_real_ones(tmp_path, capsys):
    standins.cifar10(tmp_path, examples=10)
    assert "holds made-up images" in refused(capsys, "cifar10", "--to", tmp_path)[1]


def test_a_wrong_address_is_said(url, tmp_path, capsys):
    code, sentence = refused(capsys, "cifar10", "--to", tmp_path / "data", "--url", url + "x")
    assert code == 1 and "the server says 404" in sentence


def test_tfd_says_whom_to_ask_and_mnist_is_here_already(tmp_path, capsys):
    code, sentence = refused(capsys, "tfd", "--to", tmp_path)
    assert code == 1 and "ask its makers" in sentence and str(tmp_path / "faces/TFD/TFD_48x48.mat") in sentence
    get_data.main(["mnist"])
    assert "comes with this package" in capsys.readouterr().out


def test_the_real_archive_is_known_by_its_hash():
    archive = get_data.download.CIFAR10_ARCHIVE
    assert archive.url.startswith("https://") and len(archive.sha256) == 64 and len(archive.members) == 7


def test_the_program_runs_as_it_lies():
    shown = subprocess.run([sys.executable, str(TOOL), "--help"], capture_output=True, text=True, check=True).stdout
    assert "example:" in shown and "--url" in shown
