"""News out of a feed (RSS, Atom) as plain text: no markup, no scripts, no foreign images. Pure."""

import codecs
import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from time import struct_time
from typing import Any

import feedparser

MOST_ITEMS = 30
UNDATED = datetime.min.replace(tzinfo=UTC)
MOST_CHARACTERS = 300
MOST_TAGS, MOST_DEEP = 40_000, 200  # of a feed; one of 500 entries has some 15,000 and 8
MOST_READ = 10_000  # characters of a title or summary that are looked at
MARKUP = re.compile(r"<[^<>]*>")  # without `<` inside: a row of them would take its square in time
# Whichever begins first: neither means anything inside the other. A comment that XML forbids stays,
# with the tags in it: a parser that forgives may find its end elsewhere.
NO_TAGS = re.compile(rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--(?!-?>)(?:(?!--).)*-->", re.DOTALL)
ODD = re.compile(rb"<\?[^<>]*<")  # an instruction that hides one of their beginnings
TAG = re.compile(rb"<(/?)[A-Za-z][^<>]*?(/?)>")
# No feed needs them, and they are how a small file becomes a large one.
REFUSED = (b"<!doctype", b"<!entity")
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # UTF-32's begin with them, or with a NUL


@dataclass(frozen=True)
class Item:
    """A piece of news."""

    title: str
    link: str
    summary: str
    at: datetime | None

    def plain(self) -> dict[str, Any]:
        """Return it for an answer and for keeping."""
        return {
            "title": self.title,
            "link": self.link,
            "summary": self.summary,
            "at": self.at.isoformat() if self.at else None,
        }


class NoFeedError(ValueError):
    """The bytes are no feed that we read."""


def read_news(body: bytes) -> list[Item]:
    """Return the newest items of a feed, at most thirty.

    Raises:
        NoFeedError: it is none, or holds a document type.
    """
    if b"\0" in body or body.startswith(WIDE) or ODD.search(body):
        raise NoFeedError("written so that what is looked for below could hide")
    bare = NO_TAGS.sub(b"", body)
    if any(each in bare.lower() for each in REFUSED):
        raise NoFeedError("a document type")
    if _is_monstrous(bare):
        raise NoFeedError("too many elements, or too deep in one another")
    parsed: Any = feedparser.parse(body)
    if not parsed.get("version"):
        raise NoFeedError("neither RSS nor Atom")
    items = [found for entry in parsed.entries if (found := _item(entry))]
    # feeds need not be in order; what has no date keeps its place behind what has one
    items.sort(key=lambda each: each.at or UNDATED, reverse=True)
    return items[:MOST_ITEMS]


def _is_monstrous(bare: bytes) -> bool:
    """Say whether the parser would need minutes: its time grows with the square of the depth."""
    depth = deepest = 0
    for count, tag in enumerate(TAG.finditer(bare)):
        depth += -1 if tag[1] else 0 if tag[2] else 1
        deepest = max(deepest, depth)
        if count > MOST_TAGS or deepest > MOST_DEEP:
            return True
    return False


def _item(entry: Any) -> Item | None:
    title, link = _text(entry.get("title")), str(entry.get("link", ""))
    if not title or not re.match(r"https?://[^\s\"'<>\\]+$", link) or len(link) > 2000:  # noqa: PLR2004
        return None
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    return Item(title, link, _text(entry.get("summary")), _instant(moment))


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    bare = html.unescape(MARKUP.sub(" ", value[:MOST_READ]))
    # what was hidden in entities is no markup either
    return " ".join(MARKUP.sub(" ", bare).split())[:MOST_CHARACTERS]


def _instant(moment: object) -> datetime | None:
    if not isinstance(moment, struct_time):
        return None
    try:
        return datetime(*moment[:6], tzinfo=UTC)
    except ValueError:
        return None
