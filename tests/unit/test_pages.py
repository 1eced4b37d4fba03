"""Shells and built files, as a browser asks for them; no node, no server."""

import gzip
from pathlib import Path

import httpx
import orjson
import pytest
from fastapi import FastAPI

from shared.pages import Pages, mount

BUILT = "app-ABCDEFGH.js"


@pytest.fixture
def service(tmp_path: Path) -> Path:
    (tmp_path / "web").mkdir()
    listed = {"roots": ["sw.js"], "pages": [{"name": "home", "paths": ["/", "/r/{code}"]}]}
    (tmp_path / "web" / "pages.json").write_bytes(orjson.dumps(listed))
    return tmp_path


def build(service: Path) -> None:
    built = service / "static"
    built.mkdir()
    for language in ("vi", "en"):
        (built / f"home.{language}.html").write_text(f"<html lang={language}><!--config-->")
    (built / BUILT).write_text("plain()")
    (built / f"{BUILT}.br").write_bytes(b"as brotli")
    (built / f"{BUILT}.gz").write_bytes(gzip.compress(b"plain()"))
    (built / "sw.js").write_text("worker()")
    (service / "secret.js").write_text("outside")


async def get(service: Path, path: str, **headers: str) -> httpx.Response:
    app = FastAPI()
    connect = ["http://notify.example"]
    mount(app, Pages(service, config={"notify": "</script>"}, connect=connect))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://city.example") as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.get(path, headers={"Accept-Encoding": "identity", **named})


async def test_pages_that_are_not_built_say_how_to_build_them(service: Path):
    answer = await get(service, "/r/DL-1234")

    assert answer.status_code == 503
    assert "./dev pages" in answer.text


@pytest.mark.parametrize(
    ("cookie", "language"),
    [
        ("", "vi"),
        ("lang=en", "en"),
        ("a=b; lang=en", "en"),
        ("lang=xx", "vi"),
        ("xlang=en", "vi"),
        ('"=;', "vi"),
    ],
)
async def test_vietnamese_unless_the_reader_chose_english(
    service: Path, cookie: str, language: str
):
    build(service)
    answer = await get(service, "/", Cookie=cookie)

    assert f"lang={language}" in answer.text
    assert answer.headers["content-language"] == language
    assert "Cookie" in answer.headers["vary"]


async def test_the_configuration_cannot_end_its_script(service: Path):
    build(service)
    answer = await get(service, "/")

    assert answer.text.count("</script>") == 1
    assert "http://notify.example" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", None)],
)
async def test_a_file_is_compressed_as_the_reader_accepts_it(
    service: Path, accepted: str, encoding: str | None
):
    build(service)
    app = FastAPI()
    mount(app, Pages(service, config={}))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://city.example") as client:
        request = client.build_request(
            "GET", f"/static/{BUILT}", headers={"Accept-Encoding": accepted}
        )
        answer = await client.send(request, stream=True)
        await answer.aclose()

    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "name", ["..%2fsecret.js", "home.vi.html", "app-ABCDEFGH.js.br", "none.js", "%2e%2e", "x.exe"]
)
async def test_nothing_but_built_files_is_served(service: Path, name: str):
    build(service)
    answer = await get(service, f"/static/{name}")

    assert answer.status_code == 404
    assert "outside" not in answer.text


async def test_only_hashed_names_are_kept_for_ever(service: Path):
    build(service)

    hashed = await get(service, f"/static/{BUILT}")
    worker = await get(service, "/sw.js")

    assert "immutable" in hashed.headers["cache-control"]
    assert worker.headers["cache-control"] == "no-cache"
    assert worker.headers["service-worker-allowed"] == "/"


async def test_a_shell_that_is_known_is_not_sent_again(service: Path):
    build(service)
    first = await get(service, "/")
    again = await get(service, "/", If_None_Match=first.headers["etag"])

    assert (again.status_code, again.content) == (304, b"")
