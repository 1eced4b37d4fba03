"""The page of the API at `/docs`: the OpenAPI document as HTML, without a script.

The usual page loads its program from another host; here nothing comes from elsewhere (pages.md),
so a caller of the API reads what the document says, and a tool takes `/openapi.json`.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

METHODS = ("get", "post", "put", "patch", "delete")
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}"
    "section{border-top:1px solid #bbb;padding:.5rem 0}h3{margin:.5rem 0}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.15rem .75rem .15rem 0}"
    "@media (prefers-color-scheme:dark){body{color:#eee;background:#161616}a{color:#8cf}}"
)
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)


def mount(app: FastAPI) -> None:
    """Serve the page at `/docs`; it is made when somebody first asks."""
    made: list[str] = []

    async def docs(_: Request) -> Response:
        if not made:
            made.append(page(app.openapi()))
        return HTMLResponse(made[0], headers={"Content-Security-Policy": POLICY})

    app.router.add_route("/docs", docs, methods=["GET", "HEAD"], include_in_schema=False)


def page(document: Mapping[str, Any]) -> str:
    """Return an OpenAPI document as a page; everything in it is escaped."""
    title = escape(str(document["info"]["title"]))
    parts = "".join(_sections(document))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style><h1>{title}</h1>"
        f'<p>For tools: <a href="/openapi.json">/openapi.json</a></p>{parts}</html>'
    )


def _sections(document: Mapping[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if said := methods.get(method):
                tag = (said.get("tags") or ["Other"])[0]
                by_tag.setdefault(tag, []).append(_operation(method, path, said))
    for tag, operations in by_tag.items():
        yield f"<h2>{escape(tag)}</h2>{''.join(operations)}"


def _operation(method: str, path: str, said: Mapping[str, Any]) -> str:
    rows = [
        (each["name"], each["in"] + (", required" if each.get("required") else ""), each)
        for each in said.get("parameters", [])
    ]
    told = [(name, where, each.get("description", "")) for name, where, each in rows]
    body = said.get("requestBody", {}).get("content", {})
    told += [("body", kind, _model(content)) for kind, content in body.items()]
    answers = [
        (status, "", each.get("description", "")) for status, each in said["responses"].items()
    ]
    return (
        f"<section><h3><code>{method.upper()} {escape(path)}</code></h3>"
        f"<p><strong>{escape(said.get('summary', ''))}</strong> "
        f"{escape(said.get('description', ''))}</p>{_table(told)}{_table(answers)}</section>"
    )


def _model(content: Mapping[str, Any]) -> str:
    return str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]


def _table(rows: list[tuple[str, str, str]]) -> str:
    lines = "".join(
        f"<tr><th><code>{escape(str(name))}</code><td>{escape(where)}<td>{escape(words)}"
        for name, where, words in rows
    )
    return f"<table>{lines}</table>" if lines else ""
