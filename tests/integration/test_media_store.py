import asyncio
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import rmtree

import pytest

from shared.errors import OutageError
from shared.media import Download, MediaSettings, MediaStore, RangeError
from shared.media_names import case_prefix, original_name, public_name, thumbnail_name

CASE, OTHER = "DL-7K3Q-9M2F", "DL-7K3Q-9M2G"
PHOTO = secrets.token_bytes(700_000)
NAME = original_name(CASE, sha256(PHOTO).hexdigest())


@dataclass
class Server:
    """An rclone that serves a folder as S3."""

    settings: MediaSettings
    folder: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(folder: Path, port: int) -> Iterator[Server]:
    folder.mkdir(exist_ok=True)
    address = f"127.0.0.1:{port}"
    process = subprocess.Popen(  # noqa: S603 - a server of this test
        [
            str(Path(sys.executable).parent / "rclone"),
            *("serve", "s3", str(folder), "--addr", address, "--auth-key", "key,secret"),
            *("--config", os.devnull, "--vfs-cache-mode", "off"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = Server(MediaSettings(address, "key", "secret", "media"), folder, process)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def common_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("media") / "s3", free_port()) as started:
        yield started


@pytest.fixture
def server(common_server: Server) -> Server:
    """The common server with a bucket of its own for each test."""
    settings = replace(common_server.settings, bucket=f"media-{secrets.token_hex(6)}")
    return replace(common_server, settings=settings)


@pytest.fixture
def mortal_server(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may stop."""
    with running(tmp_path / "s3", free_port()) as started:
        yield started


async def opened(settings: MediaSettings) -> AsyncIterator[MediaStore]:
    media = MediaStore(settings)
    await media.ensure_bucket()
    yield media
    media.close()


@pytest.fixture
async def store(server: Server) -> AsyncIterator[MediaStore]:
    async for media in opened(server.settings):
        yield media


@pytest.fixture
async def mortal_store(mortal_server: Server) -> AsyncIterator[MediaStore]:
    async for media in opened(mortal_server.settings):
        yield media


async def whole(download: Download | None) -> bytes:
    assert download is not None
    return b"".join([chunk async for chunk in download])


async def names(store: MediaStore, prefix: str = "cases/") -> list[str]:
    return sorted([found.name async for found in store.objects(prefix)])


async def test_what_is_put_is_what_is_fetched(store: MediaStore):
    await store.put(NAME, PHOTO, "image/jpeg")

    download = await store.fetch(NAME)

    assert download is not None
    assert (download.length, download.total_bytes) == (len(PHOTO), len(PHOTO))
    assert download.media_type == "image/jpeg"
    assert await whole(download) == PHOTO


async def test_a_file_is_put_in_one_piece_however_long(store: MediaStore, tmp_path: Path):
    long = secrets.token_bytes(7 * 2**20)  # beyond the part size of S3
    path = tmp_path / "file"
    path.write_bytes(long)

    await store.put(NAME, path, "audio/mp4")

    assert await whole(await store.fetch(NAME)) == long


async def test_an_empty_object_is_an_object(store: MediaStore):
    await store.put(NAME, b"", "image/jpeg")

    assert await whole(await store.fetch(NAME)) == b""


@pytest.mark.parametrize(
    ("offset", "length", "start", "end"),
    [
        pytest.param(0, 10, 0, 10, id="the beginning"),
        pytest.param(500_000, None, 500_000, 700_000, id="the rest"),
        pytest.param(300_000, 300_000, 300_000, 600_000, id="more than a chunk of the middle"),
        pytest.param(699_999, 1, 699_999, 700_000, id="the last byte"),
        pytest.param(699_990, 500, 699_990, 700_000, id="beyond the end"),
    ],
)
async def test_a_range_is_fetched(
    store: MediaStore, offset: int, length: int | None, start: int, end: int
):
    await store.put(NAME, PHOTO, "audio/mp4")

    download = await store.fetch(NAME, offset=offset, length=length)

    assert download is not None
    assert (download.length, download.total_bytes) == (end - start, len(PHOTO))
    assert await whole(download) == PHOTO[start:end]


async def test_a_range_behind_the_end_is_an_error(store: MediaStore):
    await store.put(NAME, PHOTO, "audio/mp4")

    with pytest.raises(RangeError):
        await store.fetch(NAME, offset=len(PHOTO) + 1, length=10)


async def test_the_facts_of_an_object(store: MediaStore):
    await store.put(NAME, PHOTO, "image/jpeg")

    found = await store.stat(NAME)

    assert found is not None
    assert (found.name, found.size_bytes, found.media_type) == (NAME, len(PHOTO), "image/jpeg")
    assert abs(found.modified_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_what_is_missing_is_none(store: MediaStore):
    assert await store.stat(NAME) is None
    assert await store.fetch(NAME) is None
    await store.remove([NAME])


async def test_writing_twice_is_writing_once(store: MediaStore):
    await store.put(NAME, PHOTO, "image/jpeg")
    await store.put(NAME, PHOTO, "image/jpeg")

    assert await names(store) == [NAME]


async def test_removing_a_case_leaves_the_same_file_of_another(store: MediaStore):
    digest = sha256(PHOTO).hexdigest()
    ours = [original_name(CASE, digest), public_name(CASE, digest, "jpg")]
    ours.append(thumbnail_name(CASE, digest))
    theirs = original_name(OTHER, digest)
    for name in (*ours, theirs):
        await store.put(name, PHOTO, "image/jpeg")

    assert await store.remove_case(CASE) == 3
    assert await names(store) == [theirs]
    assert await store.remove_case(CASE) == 0


async def test_a_case_is_not_removed_with_one_whose_code_begins_alike(store: MediaStore):
    longer = original_name(CASE + "X", sha256(PHOTO).hexdigest())
    await store.put(longer, PHOTO, "image/jpeg")

    assert await store.remove_case(CASE) == 0
    assert await names(store) == [longer]


async def test_more_objects_than_a_page_are_listed(store: MediaStore, server: Server):
    folder = server.folder / server.settings.bucket / case_prefix(CASE) / "original"
    folder.mkdir(parents=True)
    for number in range(1_200):
        (folder / f"{number:064x}").write_bytes(b"x")

    assert len(await names(store)) == 1_200


async def test_a_download_that_is_left_gives_its_connection_back(store: MediaStore):
    await store.put(NAME, PHOTO, "image/jpeg")
    for _ in range(30):
        download = await store.fetch(NAME)
        assert download is not None
        async for _ in download:
            break
        download.close()

    assert await whole(await store.fetch(NAME)) == PHOTO


async def test_many_downloads_at_once_share_few_threads(store: MediaStore):
    await store.put(NAME, PHOTO, "image/jpeg")

    answers = await asyncio.gather(*[whole_of(store) for _ in range(40)])

    assert set(map(len, answers)) == {len(PHOTO)}


async def whole_of(store: MediaStore) -> bytes:
    return await whole(await store.fetch(NAME))


async def test_the_bucket_is_made_once(store: MediaStore):
    await store.ensure_bucket()

    assert await store.is_healthy()


async def test_a_server_that_starts_later_is_waited_for(tmp_path: Path):
    port = free_port()
    store = MediaStore(MediaSettings(f"http://127.0.0.1:{port}", "key", "secret", "media"))
    waiting = asyncio.create_task(store.ensure_bucket(patience_s=20))
    await asyncio.sleep(0.7)

    with running(tmp_path / "s3", port):
        await waiting
        assert await store.is_healthy()
    store.close()


async def test_waiting_for_a_server_ends():
    store = MediaStore(MediaSettings(f"127.0.0.1:{free_port()}", "key", "secret", "media"))
    start = time.monotonic()

    with pytest.raises(OutageError):
        await store.ensure_bucket(patience_s=1)

    assert time.monotonic() - start < 5
    store.close()


CALLS = [
    pytest.param(lambda store: store.put(NAME, PHOTO, "image/jpeg"), id="put"),
    pytest.param(lambda store: store.stat(NAME), id="stat"),
    pytest.param(lambda store: store.fetch(NAME), id="fetch"),
    pytest.param(lambda store: store.remove([NAME]), id="remove"),
    pytest.param(lambda store: store.remove_case(CASE), id="remove a case"),
]


@pytest.mark.parametrize("call", CALLS)
async def test_a_server_that_is_gone_is_an_outage_within_5_s(
    mortal_store: MediaStore, mortal_server: Server, call: Callable
):
    mortal_server.stop()
    start = time.monotonic()

    with pytest.raises(OutageError):
        await call(mortal_store)

    assert time.monotonic() - start < 5
    assert not await mortal_store.is_healthy()


async def test_a_wrong_secret_is_an_outage_and_not_a_missing_object(server: Server):
    store = MediaStore(replace(server.settings, secret_key="wrong"))

    with pytest.raises(OutageError):
        await store.stat(NAME)
    store.close()


async def test_the_store_works_again_when_the_server_is_back(
    mortal_store: MediaStore, mortal_server: Server
):
    await mortal_store.put(NAME, PHOTO, "image/jpeg")
    mortal_server.stop()
    with pytest.raises(OutageError):
        await mortal_store.stat(NAME)

    with running(mortal_server.folder, int(mortal_server.settings.endpoint.rpartition(":")[2])):
        await mortal_store.ensure_bucket()

        assert await whole(await mortal_store.fetch(NAME)) == PHOTO


@contextmanager
def silent_server() -> Iterator[str]:
    """A server that accepts and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield f"127.0.0.1:{listener.getsockname()[1]}"


async def test_a_server_that_says_nothing_is_unhealthy_within_2_s():
    with silent_server() as address:
        store = MediaStore(MediaSettings(address, "key", "secret", "media", read_timeout_s=0.5))
        start = time.monotonic()

        assert not await store.is_healthy()
        assert time.monotonic() - start < 2
        store.close()


async def test_those_who_wait_for_a_thread_of_ours_close_nothing(store: MediaStore):
    """Only silence of the server is told to those who bring photos; ours is no news of it."""
    link, goes_on = store._link, threading.Event()
    held = [link._pulse.submit(goes_on.wait, 10) for _ in range(2)]

    assert not any(await asyncio.gather(*(store.is_healthy() for _ in range(300))))

    await store.put(NAME, PHOTO, "image/jpeg")
    goes_on.set()
    assert all(each.result() for each in held)
    assert await store.is_healthy()


async def test_a_bucket_that_takes_nothing_answers_all_the_same(
    mortal_store: MediaStore, mortal_server: Server
):
    await asyncio.gather(*(mortal_store.takes_objects() for _ in range(50)))

    place = mortal_server.folder / mortal_server.settings.bucket / "health"
    rmtree(place)
    place.write_bytes(b"")  # in the way of every object below it, as a full disk would be
    assert await mortal_store.is_healthy()
    with pytest.raises(OutageError):
        await mortal_store.takes_objects()

    place.unlink()
    await mortal_store.takes_objects()


async def test_after_a_silent_call_the_next_ones_fail_at_once():
    with silent_server() as address:
        settings = MediaSettings(
            address, "key", "secret", "media", read_timeout_s=0.3, call_timeout_s=0.5
        )
        store = MediaStore(settings)
        with pytest.raises(OutageError):
            await store.stat(NAME)
        start = time.monotonic()

        with pytest.raises(OutageError):
            await store.stat(NAME)

        assert time.monotonic() - start < 0.1
        store.close()


async def test_a_server_that_dies_during_a_download_is_an_outage(
    mortal_store: MediaStore, mortal_server: Server
):
    long = secrets.token_bytes(60 * 2**20)  # more than the sockets between us hold
    await mortal_store.put(NAME, long, "audio/mp4")
    download = await mortal_store.fetch(NAME)
    assert download is not None

    async def read_while_it_dies() -> None:
        async for _ in download:
            if mortal_server.process.poll() is None:
                mortal_server.process.kill()
                mortal_server.process.wait(10)

    with pytest.raises(OutageError):
        await read_while_it_dies()


@contextmanager
def failing_server(failures: int) -> Iterator[tuple[str, list[bytes]]]:
    """An S3 that answers its first calls with InternalError; what each call put is in the list."""
    heard: list[bytes] = []

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(500 if len(heard) <= failures else 200)
            self.send_header("ETag", '"0"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", heard
        server.shutdown()


@pytest.mark.parametrize("form", ["bytes", "file"])
async def test_a_put_that_the_server_failed_once_is_put_whole_again(tmp_path: Path, form: str):
    path = tmp_path / "photo"
    path.write_bytes(PHOTO)
    with failing_server(failures=1) as (address, heard):
        store = MediaStore(MediaSettings(address, "key", "secret", "media"))

        await store.put(NAME, path if form == "file" else PHOTO, "image/jpeg")

        store.close()
    assert heard == [PHOTO, PHOTO]


async def test_a_server_that_fails_twice_is_an_outage():
    with failing_server(failures=2) as (address, heard):
        store = MediaStore(MediaSettings(address, "key", "secret", "media"))

        with pytest.raises(OutageError):
            await store.put(NAME, PHOTO, "image/jpeg")

        store.close()
    assert len(heard) == 2
