"""Serves the built pages of a service: shells in two languages, hashed files, safe headers.

What is built is not in git. Without it the service works, and its pages say how to build them.
"""

import gzip
import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response

CONFIG = b"<!--config-->"  # where a shell takes what the page must know before its first call
HASHED = re.compile(r"[A-Za-z0-9][\w.-]*-[A-Z0-9]{8}\.[a-z0-9]+")
PLAIN = re.compile(r"[A-Za-z0-9][\w.-]*")
FOREVER = "public, max-age=31536000, immutable"
LANGUAGES = ("vi", "en")  # the first is the one that nobody has to ask for
_CHOSEN = re.compile(rf"(?:^|;)\s*lang=({'|'.join(LANGUAGES)})\s*(?:;|$)")
TYPES = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "json": "application/json",
    "geojson": "application/geo+json",
    "webmanifest": "application/manifest+json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
    "map": "application/json",
}
ENCODINGS = {"br": ".br", "gzip": ".gz"}  # in the order of our choice
PERMISSIONS = "camera=(self), microphone=(self), geolocation=(self)"


@dataclass(frozen=True)
class Page:
    """One shell and the paths at which it is shown; `{code}` in a path is any one segment."""

    name: str
    paths: tuple[str, ...]


class Pages:
    """The pages of one service.

    Args:
        folder: The service's folder; sources are in `web/`, what is built in `static/`.
        config: What every page must know: addresses, never a secret.
        connect: Further origins that the pages may call.
    """

    def __init__(
        self, folder: Path, *, config: Mapping[str, Any], connect: Sequence[str] = ()
    ) -> None:
        self.built = folder / "static"
        listed = orjson.loads((folder / "web" / "pages.json").read_bytes())
        self.pages = [Page(each["name"], tuple(each["paths"])) for each in listed["pages"]]
        self.roots = tuple(listed.get("roots", ()))  # files that must live at the root
        self._config = orjson.dumps(dict(config)).replace(b"<", b"\\u003c")
        self._policy = policy(connect)
        self._kept: dict[tuple[str, float, str], bytes] = {}

    def shell(self, request: Request, name: str) -> Response:
        """Return a page's shell in the reader's language, or how to build it (503)."""
        language = language_of(request)
        path = self.built / f"{name}.{language}.html"
        if not path.exists():
            return Response(_not_built(), 503, self._safe(), media_type="text/html; charset=utf-8")
        encoding = "gzip" if "gzip" in accepted(request) else ""
        body = self._filled(path, encoding)
        tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        headers = {
            **self._safe(),
            "Cache-Control": "no-cache",
            "Content-Language": language,
            "ETag": tag,
            "Vary": "Accept-Encoding, Cookie",
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if encoding:
            headers["Content-Encoding"] = encoding
        return Response(body, 200, headers, media_type="text/html; charset=utf-8")

    def file(self, request: Request, name: str, *, root: bool = False) -> Response:
        """Return a built file, compressed as the reader accepts it; none is 404."""
        if not PLAIN.fullmatch(name) or name.endswith((".html", ".br", ".gz")):
            return _missing()
        kind = TYPES.get(name.rpartition(".")[2])
        path = self.built / name
        if kind is None or not path.is_file():
            return _missing()
        headers = {
            "Cache-Control": FOREVER if HASHED.fullmatch(name) else "no-cache",
            "Vary": "Accept-Encoding",
        }
        if root:
            headers["Service-Worker-Allowed"] = "/"
            headers["Content-Security-Policy"] = self._policy
        wanted = accepted(request)
        for encoding, suffix in ENCODINGS.items():
            if encoding in wanted and path.with_name(name + suffix).is_file():
                path, headers["Content-Encoding"] = path.with_name(name + suffix), encoding
                break
        return Response(path.read_bytes(), 200, headers, media_type=kind)

    def _filled(self, path: Path, encoding: str) -> bytes:
        """Return a shell with its configuration, compressed once per build."""
        key = (path.name, path.stat().st_mtime, encoding)
        if key not in self._kept:
            data = b'<script type="application/json" id="config">' + self._config + b"</script>"
            body = path.read_bytes().replace(CONFIG, data)
            self._kept = {k: v for k, v in self._kept.items() if k[0] != key[0] or k[1] == key[1]}
            self._kept[key] = gzip.compress(body, 9, mtime=0) if encoding else body
        return self._kept[key]

    def _safe(self) -> dict[str, str]:
        return {
            "Content-Security-Policy": self._policy,
            "Permissions-Policy": PERMISSIONS,
            "Cross-Origin-Opener-Policy": "same-origin",
        }


def policy(connect: Sequence[str]) -> str:
    """Return the content security policy: everything from here, calls to `connect` as well."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' blob: data:",
            "media-src 'self' blob:",
            " ".join(("connect-src 'self'", *connect)),
            "worker-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def language_of(request: Request) -> str:
    """Return the language that the reader has chosen on a page of ours, else Vietnamese."""
    found = _CHOSEN.search(request.headers.get("cookie", ""))
    return found[1] if found else LANGUAGES[0]


def accepted(request: Request) -> set[str]:
    """Return the encodings that the caller takes; one with `q=0` is refused."""
    found: set[str] = set()
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, parameter = part.strip().partition(";")
        if not re.fullmatch(r"\s*q=0(\.0*)?\s*", parameter):
            found.add(name.strip())
    return found


def mount(app: FastAPI, pages: Pages) -> None:
    """Route the shells, the built files below `/static`, and what must live at the root."""

    def show(name: str) -> Any:
        async def page(request: Request) -> Response:
            return pages.shell(request, name)

        return page

    def give(name: str) -> Any:
        async def root_file(request: Request) -> Response:
            return pages.file(request, name, root=True)

        return root_file

    async def static(request: Request, name: str) -> Response:
        return pages.file(request, name)

    plain: dict[str, Any] = {"methods": ["GET", "HEAD"], "include_in_schema": False}
    app.add_api_route("/static/{name}", static, **plain)
    for name in pages.roots:
        app.add_api_route(f"/{name}", give(name), **plain)
    for page in pages.pages:
        for path in page.paths:
            app.add_api_route(path, show(page.name), **plain)


def _missing() -> Response:
    return Response("404\n", 404, {"Cache-Control": "no-store"}, media_type="text/plain")


def _not_built() -> str:
    vi = (
        "Các trang chưa được dựng trên máy chủ này. Chạy lệnh <code>./dev pages</code> "
        "rồi tải lại trang. API vẫn hoạt động: <a href='/docs'>/docs</a>."
    )
    en = (
        "The pages are not built on this server. Run <code>./dev pages</code> and reload. "
        "The API works: <a href='/docs'>/docs</a>."
    )
    lines = f"<p>{vi}</p><p lang='en'>{en}</p>"
    title = html.escape("Đà Lạt trực tuyến")
    return f"<!doctype html><html lang='vi'><meta charset='utf-8'><title>{title}</title>{lines}"
