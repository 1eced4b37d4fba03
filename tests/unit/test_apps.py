"""The registry of applications: which addresses it takes, what of a feed is shown."""

import pytest
from pydantic import ValidationError

from services.intake.apps.model import App, AppIn, Health, load_seeds, read_seeds
from services.intake.apps.news import MOST_CHARACTERS, MOST_ITEMS, NoFeedError, read_news
from shared import rulefile
from shared.rulefile import RuleFileError
from shared.settings import RULES

FILE = RULES / "regulations" / "dalat-apps.yaml"
TITLE = {"vi": "Cổng", "en": "Portal"}


def app(**changes: object) -> AppIn:
    return AppIn.model_validate({"title": TITLE, "icon": "map", **changes})


def test_the_five_that_the_regulation_names_are_there_and_none_leads_outside() -> None:
    seeds = load_seeds(FILE)

    assert [each.title.vi for each in seeds] == [
        "Cổng thông tin quy hoạch đô thị",
        "Sổ liên lạc điện tử",
        "Ứng dụng du lịch thông minh",
        "Bản đồ các cơ quan hành chính",
        "Thông tin việc làm",
    ]
    assert not any(App(**each.model_dump()).is_outside or each.feed for each in seeds)


@pytest.mark.parametrize("address", ["/map?layer=offices", "https://portal.example.com/a?b=c"])
def test_a_page_of_ours_and_https_are_taken(address: str) -> None:
    assert app(address=address).address == address


@pytest.mark.parametrize(
    "address",
    [
        "http://portal.example.com/",
        "//evil.example.com/",
        "/\\evil.example.com",
        "javascript:alert(1)",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://user:password@portal.example.com/",
        "https://localhost/",
        "ftp://portal.example.com/",
        "",
    ],
)
def test_an_address_that_leads_elsewhere_or_inside_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        app(address=address)


def test_what_has_no_address_is_not_connected_and_ours_needs_no_look() -> None:
    def health(**changes: object) -> Health:
        return App(id="x_y", **app(**changes).model_dump()).shown_health

    assert health() is Health.NOT_CONNECTED
    assert health(address="/map") is Health.NATIVE
    assert health(address="https://portal.example.com/") is Health.UNKNOWN


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: contact_book", "id: planning_portal", "stands twice"),
        ("audience: visitors", "audience: martians", "audience"),
        ("address: /map?layer=offices", "address: http://x.example.com/", "not_https"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(old: str, new: str, said: str) -> None:
    text = FILE.read_text(encoding="utf-8").replace(old, new, 1)

    with pytest.raises(RuleFileError) as refused:
        read_seeds(rulefile.parse(text, "apps.yaml"))

    assert said in refused.value.message
    assert new.partition(":")[2].strip() in text.splitlines()[refused.value.line - 1]


RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>Việc làm</title>
<item><title>Tuyển
&lt;b&gt;thợ&lt;/b&gt; &amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;</title>
<link>https://jobs.example.com/1</link><pubDate>Tue, 24 Nov 2026 08:00:00 +0700</pubDate>
<description>&lt;img src=x onerror=alert(1)&gt; Lương tốt</description></item>
<item><title>Xấu</title><link>javascript:alert(1)</link></item>
</channel></rss>"""


DEEP = f'<rss version="2.0"><channel>{"<a>" * 300}</channel></rss>'


def hidden(begin: str, end: str) -> bytes:
    """Depth between two marks that a careless look takes for the ends of something harmless."""
    return f'<rss version="2.0"><channel>{begin}{"<a>" * 300}{end}</channel></rss>'.encode()


def test_a_feed_becomes_plain_text_with_safe_links() -> None:
    [item] = read_news(RSS.encode())

    assert item.link == "https://jobs.example.com/1"
    assert item.at is not None
    assert item.at.isoformat() == "2026-11-24T01:00:00+00:00"
    for text in (item.title, item.summary):
        assert "<" not in text
        assert "onerror" not in text
    assert "Lương tốt" in item.summary


def test_a_long_feed_is_cut_and_long_words_too() -> None:
    entry = f"<item><title>{'a' * 5000}</title><link>https://x.example.com/1</link></item>"
    body = f'<rss version="2.0"><channel>{entry * 100}</channel></rss>'

    items = read_news(body.encode())

    assert len(items) == MOST_ITEMS
    assert len(items[0].title) == MOST_CHARACTERS


def test_the_newest_news_come_first_wherever_they_stand_in_the_feed() -> None:
    entry = (
        "<item><title>{0}</title><link>https://x.example.com/{0}</link>"
        "<pubDate>Tue, {0} Nov 2026 08:00:00 +0700</pubDate></item>"
    )
    undated = "<item><title>undated</title><link>https://x.example.com/0</link></item>"
    entries = undated + "".join(entry.format(day) for day in (10, 24, 17))

    items = read_news(f'<rss version="2.0"><channel>{entries}</channel></rss>'.encode())

    assert [each.title for each in items] == ["24", "17", "10", "undated"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>404</body></html>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss version="2.0"/>',
        b"\xff\xfe\x00garbage",
        pytest.param(DEEP.encode("utf-16"), id="UTF-16"),
        pytest.param(DEEP.encode("utf-16-be"), id="UTF-16 that does not say so"),
        pytest.param(DEEP.encode("utf-32"), id="UTF-32"),
        pytest.param(hidden("<!-- <![CDATA[ -->", "<!-- ]]> -->"), id="CDATA in a comment"),
        pytest.param(hidden("<![CDATA[ <!-- ]]>", "<![CDATA[ --> ]]>"), id="a comment in CDATA"),
        pytest.param(hidden("<!-->", "-->"), id="a comment that XML forbids"),
        pytest.param(hidden("<?x <!-- ?>", "<?x --> ?>"), id="a comment in an instruction"),
        pytest.param(
            f"<!--{'x' * 100_000}--><!DOCTYPE x>{RSS}".encode(), id="a document type, far behind"
        ),
    ],
)
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    with pytest.raises(NoFeedError):
        read_news(body)
