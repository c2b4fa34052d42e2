"""Fetching an archive from a server on this machine, which is made to fail in all the usual ways."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from adversarial.datasets import download
from adversarial.datasets.download import Archive
from adversarial.errors import DataError

MEMBERS = {"set/one": np.random.RandomState(0).bytes(300_000), "set/two": b"two"}


def packed(members: dict[str, bytes | tarfile.TarInfo]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as content:
        for name, value in members.items():
            if isinstance(value, tarfile.TarInfo):
                content.addfile(value)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(value)
            content.addfile(info, io.BytesIO(value))
    return file.getvalue()


CONTENT = packed({"../evil": b"evil", "/evil": b"evil", **MEMBERS, "set/extra": b"extra"})


def archive_of(content: bytes, url: str = "") -> Archive:
    sha256 = hashlib.sha256(content).hexdigest()
    return Archive(f"{url}/data.tar.gz", sha256, len(content), tuple(MEMBERS), "made")


class Server:
    """Serves `content`; breaks off after `stop_after` bytes of a reply while `breaks` lasts."""

    def __init__(self):
        self.content = CONTENT
        self.ranges: list[str | None] = []
        self.breaks = 0
        self.stop_after = 100_000
        self.knows_ranges = True
        self.status: int | None = None
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.serve(self)

            def log_message(self, *args):
                """Keep quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        if self.status is not None:
            request.send_error(self.status)
            return
        start = int(asked[len("bytes=") : -1]) if asked and self.knows_ranges else 0
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        request.send_header("Content-Length", str(len(self.content) - start))
        request.end_headers()
        part = self.content[start:]
        if self.breaks:
            self.breaks -= 1
            part = part[: self.stop_after]
        request.wfile.write(part)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


def check_unpacked(folder):
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == {f"made/{name}": content for name, content in MEMBERS.items()}


def test_files_come_whole_and_nothing_else_does(server, tmp_path):
    archive, counted = archive_of(CONTENT, server.url), []
    assert len(download.missing(archive, tmp_path / "data")) == 2
    download.get(archive, tmp_path / "data", progress=counted.append)
    assert sum(counted) == len(CONTENT)
    check_unpacked(tmp_path / "data")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert not download.missing(archive, tmp_path / "data")


def test_a_transfer_that_breaks_off_is_taken_up_again(server, tmp_path):
    server.breaks, counted = 2, []
    download.get(archive_of(CONTENT, server.url), tmp_path, progress=counted.append)
    assert server.ranges == [None, "bytes=100000-", "bytes=200000-"]
    assert sum(counted) == len(CONTENT)
    check_unpacked(tmp_path)


def test_a_run_that_was_stopped_is_taken_up_by_the_next(server, tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "data.tar.gz.part").write_bytes(CONTENT[:1234])
    download.get(archive_of(CONTENT, server.url), tmp_path)
    assert server.ranges == ["bytes=1234-"]
    check_unpacked(tmp_path)


def test_a_server_that_knows_no_ranges_begins_again(server, tmp_path):
    server.knows_ranges, server.breaks, counted = False, 1, []
    download.get(archive_of(CONTENT, server.url), tmp_path, progress=counted.append)
    assert sum(counted) == len(CONTENT)
    check_unpacked(tmp_path)


def test_a_server_that_gives_up_is_said_with_how_far_it_came(server, tmp_path):
    server.breaks, server.stop_after = 100, 1000
    archive = archive_of(CONTENT, server.url)
    with pytest.raises(DataError, match=f"gave 5,000 of {len(CONTENT):,} bytes .*run this again"):
        download.get(archive, tmp_path)
    assert (tmp_path / "made" / "data.tar.gz.part").read_bytes() == CONTENT[:5000]
    server.breaks = 0
    download.get(archive, tmp_path)
    check_unpacked(tmp_path)


def test_another_address_serves_but_its_hash_is_checked(server, tmp_path):
    archive = archive_of(CONTENT, "http://192.0.2.1")
    server.content = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with pytest.raises(DataError, match="is not the file known here: its SHA-256 is .* but should be"):
        download.get(archive, tmp_path, url=server.url + "/mirror.tar.gz")
    assert list((tmp_path / "made").iterdir()) == []
    server.content = CONTENT
    download.get(archive, tmp_path, url=server.url + "/mirror.tar.gz")
    check_unpacked(tmp_path)


def test_a_larger_file_is_not_taken_in(server, tmp_path):
    server.content = CONTENT + b"more"
    with pytest.raises(DataError, match="more than"):
        download.get(archive_of(CONTENT, server.url), tmp_path)


def test_part_of_a_larger_file_is_not_gone_on_with(server, tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "data.tar.gz.part").write_bytes(CONTENT + b"more")
    download.get(archive_of(CONTENT, server.url), tmp_path)
    assert server.ranges == [None]


@pytest.mark.parametrize("status", [404, 416, 500])
def test_what_the_server_says_is_passed_on(server, tmp_path, status):
    server.status = status
    with pytest.raises(DataError, match=f"the server says {status}"):
        download.get(archive_of(CONTENT, server.url), tmp_path)


def test_no_server_is_said(server, tmp_path):
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(DataError, match="gave 0 of .* bytes .*refused"):
        download.get(archive_of(CONTENT, server.url), tmp_path)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/x", "data.tar.gz"])
def test_only_the_web_is_fetched_from(tmp_path, url):
    with pytest.raises(DataError, match="no address that begins with"):
        download.get(archive_of(CONTENT), tmp_path, url=url)


def link(name: str, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info


@pytest.mark.parametrize(
    "content, words",
    [
        (packed({"set/one": b"one"}), "does not hold set/two"),
        (packed({"set/one": link("set/one", "/etc/passwd"), "set/two": b"two"}), "something else than a file"),
        (packed(MEMBERS)[:1000], "cannot be unpacked"),
        (b"no archive", "cannot be unpacked"),
    ],
    # An archive holds the time when it was made: not a name that several processes would agree on.
    ids=["a member too few", "a link", "cut off", "no archive"],
)
def test_archives_that_do_not_serve_are_said_in_a_sentence(server, tmp_path, content, words):
    server.content = content
    with pytest.raises(DataError, match=words):
        download.get(archive_of(content, server.url), tmp_path)
