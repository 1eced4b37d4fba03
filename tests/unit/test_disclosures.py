"""Disclosures: who asks, who consents, and that exactly what was agreed to leaves."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat
from pydantic import ValidationError

from services.intake.disclosures import domain
from services.intake.disclosures.commands import Approve, Ask, Content, Reject, Revoke
from services.intake.disclosures.content import granted_media
from services.intake.disclosures.domain import IDENTITY, Acting, Subject
from services.intake.disclosures.model import (
    Disclosure,
    DisclosureNotNowError,
    NoConsentError,
    SealedIdentityError,
    Status,
    Step,
)
from services.intake.disclosures.offers import actions
from services.intake.disclosures.package import Contents, Copy, pack
from services.intake.disclosures.picture import marked
from services.intake.domain.case import Case, Fact, NotYoursError, RuleBrokenError
from services.intake.domain.evolve import evolve
from services.intake.domain.parties import Actor, Party
from services.intake.domain.rules import Rules
from services.intake.store import StoredCase
from shared.events import (
    CaseAccepted,
    CaseAssigned,
    CaseProgressed,
    CaseReopened,
    CaseResolved,
    CaseSubmitted,
    to_wire,
)
from shared.identity import Reporter
from shared.vocabulary import LEADERS, OFFICE, CategoryId, Clock, Origin, Role, RuleId, UnitId
from tests.builders import CODE, RECEIVED, dalat, snapshot, state_calendar
from tests.hostile.pictures import photo

NOW = datetime(2026, 1, 13, 2, 0, tzinfo=UTC)
RULES = Rules(dalat(), state_calendar())
WARD = UnitId("ward_1")
CONTENTS = [each.value for each in Content]

OFFICER = Acting(Actor("a_1", Role.OFFICER, WARD), frozenset({Party.HANDLING}), NOW)
MONITOR = Acting(
    Actor("a_2", Role.OFFICER, UnitId("urban_order_team")), frozenset({Party.MONITORING}), NOW
)
HELPER = Acting(Actor("a_3", Role.OFFICER, UnitId("health")), frozenset({Party.COORDINATING}), NOW)
CLERK = Acting(Actor("a_4", Role.OFFICE_CLERK, OFFICE), frozenset({Party.OFFICE}), NOW)
LEADER = Acting(Actor("a_5", Role.LEADER, LEADERS), frozenset({Party.LEADER}), NOW)

SUBJECT = Subject(CODE, 4, ("m1", "m2"), has_identity=True, sealed=False, restricted=False)
WHY = {"justification": "Cơ quan điều tra cần lời khai của người báo tin"}


def ask(**changes: Any) -> Ask:
    plain: dict[str, Any] = {
        "recipient": {"organisation": "Công an Phường 1", "contact": "Trực ban, 0263 3822 000"},
        "purpose": "Xác minh vụ việc đổ rác trái phép",
        "legal_basis": "Công văn 12/CAP ngày 12/01/2026",
        "fields": ["text", "media"],
        "expires_at": (NOW + timedelta(days=7)).isoformat(),
    }
    return Ask.model_validate({**plain, **changes})


def requested(subject: Subject = SUBJECT, who: Acting = OFFICER, **changes: Any) -> Disclosure:
    return domain.request("d_0123456789ab", ask(**changes), subject, who).after


def approved(subject: Subject = SUBJECT, **changes: Any) -> Disclosure:
    command = Approve(text="Đồng ý", **changes.pop("consent", {}))
    return domain.approve(requested(subject, **changes), command, subject, LEADER).after


def later(who: Acting, **delta: float) -> Acting:
    return Acting(who.actor, who.parties, who.now + timedelta(**delta))


# ---- asking


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        pytest.param(OFFICER, True, id="the handling unit"),
        pytest.param(CLERK, True, id="the Office"),
        pytest.param(MONITOR, False, id="the monitoring unit"),
        pytest.param(HELPER, False, id="a coordinating unit"),
        pytest.param(LEADER, False, id="a leader consents, and does not ask"),
    ],
)
def test_the_handling_unit_and_the_office_ask(who: Acting, *, allowed: bool):
    if allowed:
        assert requested(who=who).asked.by == who.actor.account
    else:
        with pytest.raises(NotYoursError):
            requested(who=who)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param(
            {"expires_at": NOW.isoformat()}, "expires_at", "in_the_past", id="expires now"
        ),
        pytest.param(
            {"expires_at": (NOW + timedelta(days=30, seconds=1)).isoformat()},
            "expires_at",
            "too_late",
            id="a second more than thirty days",
        ),
        pytest.param({"fields": []}, "fields", "required", id="nothing at all"),
    ],
)
def test_a_request_that_breaks_a_rule_names_the_field(
    changes: dict[str, Any], field: str, code: str
):
    with pytest.raises(RuleBrokenError) as refused:
        requested(**changes)

    assert (refused.value.field, refused.value.code) == (field, code)


def test_thirty_days_to_the_second_are_allowed():
    expires_at = NOW + timedelta(days=30)

    assert requested(expires_at=expires_at.isoformat()).expires_at == expires_at


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"fields": ["text", IDENTITY]}, id="identity among other fields"),
        pytest.param({"identity": {}}, id="identity without its justification"),
        pytest.param({"identity": {"justification": "  "}}, id="an empty justification"),
        pytest.param({"identity": True}, id="a bare yes"),
        pytest.param({"fields": ["reporter"]}, id="an unknown field"),
        pytest.param({"legal_basis": ""}, id="no legal basis"),
        pytest.param({"purpose": " "}, id="no purpose"),
        pytest.param(
            {"recipient": {"organisation": "\x07", "contact": "x"}}, id="an unreadable recipient"
        ),
        pytest.param({"case": "another"}, id="a field that nobody knows"),
    ],
)
def test_what_is_no_request_is_refused(changes: dict[str, Any]):
    with pytest.raises(ValidationError):
        ask(**changes)


def test_a_recipient_is_one_line_whatever_was_pasted():
    command = ask(recipient={"organisation": "Báo\nLâm  Đồng\x00", "contact": "Ban\tbiên tập"})

    assert command.recipient.organisation == "Báo Lâm Đồng"
    assert command.recipient.contact == "Ban biên tập"


def test_an_identity_that_nobody_knows_cannot_be_asked_for():
    unknown = Subject(CODE, 4, (), has_identity=False, sealed=False, restricted=False)

    with pytest.raises(RuleBrokenError, match="no_identity"):
        requested(unknown, identity=WHY)


def test_a_sealed_identity_is_not_the_units_to_pass_on():
    sealed = Subject(CODE, 4, (), has_identity=True, sealed=True, restricted=False)

    with pytest.raises(SealedIdentityError):
        requested(sealed, identity=WHY)
    assert requested(sealed).identity is None


# ---- consent


@pytest.mark.parametrize(
    "who",
    [
        pytest.param(OFFICER, id="the unit that asked"),
        pytest.param(CLERK, id="the Office"),
        pytest.param(MONITOR, id="the monitoring unit"),
    ],
)
def test_only_a_leader_consents_or_refuses(who: Acting):
    """ "khi có sự đồng ý của lãnh đạo UBND"."""
    before = requested()

    with pytest.raises(NotYoursError):
        domain.approve(before, Approve(text="Đồng ý"), SUBJECT, who)
    with pytest.raises(NotYoursError):
        domain.reject(before, Reject(text="Không"), who)


def test_a_leader_consents_to_what_is_there_and_to_nothing_that_comes_later():
    grant = approved().grant

    assert grant
    assert (grant.fields, grant.media) == ((Content.TEXT, Content.MEDIA), ("m1", "m2"))
    assert grant.case_sequence == SUBJECT.sequence


def test_a_leader_may_consent_to_less():
    grant = approved(consent={"fields": (Content.MEDIA,), "media": ("m2",)}).grant

    assert grant
    assert (grant.fields, grant.media) == ((Content.MEDIA,), ("m2",))


def test_the_identity_leaves_only_when_the_leader_says_so():
    silent = approved(identity=WHY)
    said = approved(identity=WHY, consent={"identity": True})

    assert silent.grant
    assert not silent.grant.identity
    assert said.grant
    assert said.grant.identity


@pytest.mark.parametrize(
    ("changes", "consent", "field"),
    [
        pytest.param({}, {"fields": (Content.TEXT, Content.PLACE)}, "fields", id="another field"),
        pytest.param({}, {"identity": True}, "identity", id="an identity nobody asked for"),
        pytest.param({}, {"fields": ()}, "fields", id="nothing"),
        pytest.param({}, {"media": ("m9",)}, "media", id="a file that is not there"),
        pytest.param(
            {"fields": [], "identity": WHY}, {}, "fields", id="identity alone, and not said"
        ),
    ],
)
def test_consent_never_exceeds_the_request(
    changes: dict[str, Any], consent: dict[str, Any], field: str
):
    with pytest.raises(RuleBrokenError) as refused:
        approved(**changes, consent=consent)

    assert refused.value.field == field


def test_a_request_that_has_expired_is_not_approved():
    with pytest.raises(RuleBrokenError, match="in_the_past"):
        domain.approve(requested(), Approve(text="Đồng ý"), SUBJECT, later(LEADER, days=7))


def decided(status: Status) -> Disclosure:
    before = requested()
    return {
        Status.REQUESTED: lambda: before,
        Status.APPROVED: approved,
        Status.REJECTED: lambda: domain.reject(before, Reject(text="Không"), LEADER).after,
        Status.REVOKED: lambda: domain.revoke(approved(), Revoke(text="Rút lại"), CLERK).after,
    }[status]()


@pytest.mark.parametrize(
    ("status", "possible"),
    [
        pytest.param(Status.REQUESTED, {"approve", "reject", "revoke"}, id="requested"),
        pytest.param(Status.APPROVED, {"revoke"}, id="approved"),
        pytest.param(Status.REJECTED, set(), id="rejected"),
        pytest.param(Status.REVOKED, set(), id="revoked"),
    ],
)
def test_each_status_allows_what_its_row_says(status: Status, possible: set[str]):
    before = decided(status)
    steps = {
        "approve": lambda: domain.approve(before, Approve(text="x"), SUBJECT, LEADER),
        "reject": lambda: domain.reject(before, Reject(text="x"), LEADER),
        "revoke": lambda: domain.revoke(before, Revoke(text="x"), LEADER),
    }
    for name, step in steps.items():
        if name in possible:
            assert step().after.sequence == before.sequence + 1
        else:
            with pytest.raises(DisclosureNotNowError):
                step()
    offered = set(actions(before, LEADER.parties, NOW)) - {"package", "preview"}
    assert offered == possible


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        pytest.param(LEADER, True, id="a leader"),
        pytest.param(CLERK, True, id="the Office"),
        pytest.param(OFFICER, False, id="the unit that asked"),
    ],
)
def test_leaders_and_the_office_take_a_consent_back(who: Acting, *, allowed: bool):
    if allowed:
        assert domain.revoke(approved(), Revoke(text="x"), who).after.status is Status.REVOKED
    else:
        with pytest.raises(NotYoursError):
            domain.revoke(approved(), Revoke(text="x"), who)


# ---- handing out


@pytest.mark.parametrize(
    ("disclosure", "who", "reason"),
    [
        pytest.param(decided(Status.REQUESTED), OFFICER, "requested", id="before consent"),
        pytest.param(decided(Status.REJECTED), OFFICER, "rejected", id="without consent"),
        pytest.param(decided(Status.REVOKED), OFFICER, "revoked", id="after it was taken back"),
        pytest.param(approved(), later(OFFICER, days=7), "expired", id="at its last instant"),
    ],
)
def test_nothing_leaves_without_a_consent_that_stands(
    disclosure: Disclosure, who: Acting, reason: str
):
    with pytest.raises(NoConsentError) as refused:
        domain.consent(disclosure, SUBJECT, who)

    assert refused.value.reason == reason
    assert "package" not in actions(disclosure, who.parties, who.now)


def test_a_second_before_it_expires_it_still_stands():
    assert domain.consent(approved(), SUBJECT, later(OFFICER, days=7, seconds=-1))


@pytest.mark.parametrize(
    "who", [pytest.param(MONITOR, id="monitor"), pytest.param(HELPER, id="helper")]
)
def test_who_only_watches_or_helps_takes_nothing_out(who: Acting):
    with pytest.raises(NotYoursError):
        domain.consent(approved(), SUBJECT, who)


def test_a_consent_to_feedback_is_none_to_a_denunciation():
    turned_out = Subject(CODE, 9, ("m1", "m2"), has_identity=True, sealed=False, restricted=True)

    with pytest.raises(NoConsentError, match="restricted"):
        domain.consent(approved(), turned_out, CLERK)
    assert domain.consent(approved(turned_out), turned_out, CLERK)


def test_an_identity_inside_is_handed_out_by_those_only_who_may_see_it():
    sealed = Subject(CODE, 4, ("m1", "m2"), has_identity=True, sealed=True, restricted=False)
    with_identity = approved(identity=WHY, consent={"identity": True})

    with pytest.raises(SealedIdentityError):
        domain.consent(with_identity, sealed, OFFICER)
    assert domain.consent(with_identity, SUBJECT, CLERK)


def test_a_download_says_who_when_and_which_bytes():
    package = pack(contents(approved()))
    step = domain.hand_out(approved(), package, SUBJECT, OFFICER)

    [download] = step.after.downloads
    assert (download.by, download.unit, download.at) == ("a_1", WARD, NOW)
    assert download.sha256 == hashlib.sha256(package.body).hexdigest()
    assert download.size_bytes == len(package.body)


def steps_of_a_life() -> list[Step]:
    asked = domain.request("d_0123456789ab", ask(identity=WHY), SUBJECT, CLERK)
    agreed = domain.approve(
        asked.after, Approve(text="Đồng ý cung cấp", identity=True), SUBJECT, LEADER
    )
    package = pack(contents(agreed.after, reporter=PERSON))
    out = domain.hand_out(agreed.after, package, SUBJECT, CLERK)
    back = domain.revoke(out.after, Revoke(text="Bên nhận vi phạm"), LEADER)
    return [asked, agreed, out, back]


def test_neither_recipient_nor_purpose_nor_words_are_on_the_wire():
    for number, step in enumerate(steps_of_a_life(), 1):
        event = step.event
        wire = to_wire(event, subject=step.after.id, sequence=number, at=event.at).decode()

        assert json.loads(wire)["data"]["code"] == CODE
        for word in ("Công an", "Trực ban", "0263", "Xác minh", "Công văn", "lời khai", "vi phạm"):
            assert word not in wire


@given(st.lists(st.sampled_from(["approve", "reject", "revoke", "hand_out", "late"]), max_size=8))
def test_no_order_of_steps_hands_out_without_a_standing_consent(moves: list[str]):
    disclosure, who_now = requested(), NOW
    for move in moves:
        if move == "late":
            who_now += timedelta(days=4)
            continue
        leader = Acting(LEADER.actor, LEADER.parties, who_now)
        handed = len(disclosure.downloads)
        standing = disclosure.status is Status.APPROVED and who_now < disclosure.expires_at
        try:
            step = {
                "approve": lambda d=disclosure, w=leader: domain.approve(
                    d, Approve(text="x"), SUBJECT, w
                ),
                "reject": lambda d=disclosure, w=leader: domain.reject(d, Reject(text="x"), w),
                "revoke": lambda d=disclosure, w=leader: domain.revoke(d, Revoke(text="x"), w),
                "hand_out": lambda d=disclosure, w=leader: domain.hand_out(d, PACKAGE, SUBJECT, w),
            }[move]()
        except (DisclosureNotNowError, NoConsentError, RuleBrokenError):
            continue
        disclosure = step.after
        assert len(disclosure.downloads) == handed or standing


# ---- the package

SECRETS = {
    "text": "RÁC-ĐỔ-TRÀN-LAN",
    "category": "urban_order",
    "place": "HẺM-SỐ-BẢY",
    "media": "media/m1",
    "result": "ĐÃ-DỌN-SẠCH",
    "timeline": "Đơn vị đã nhận xử lý",
    IDENTITY: "NGƯỜI-BÁO-TIN",
}
PERSON = Reporter(name="NGƯỜI-BÁO-TIN", phone="0900000001", email="bao.tin@example.vn")
WHO: dict[str, Any] = {"at": NOW - timedelta(hours=1), "actor": "a_1", "by": WARD}


def media(identifier: str, kind: str = "image", **changes: Any) -> dict[str, Any]:
    suffix = "jpg" if kind == "image" else "m4a"
    form = {"object": f"cases/x/public/{identifier}", "suffix": suffix, "size_bytes": 1}
    return {
        "id": identifier,
        "kind": kind,
        "name": "IMG_TÊN-MÁY-CỦA-TÔI.jpg",
        "lat": 11.9412345,
        "lon": 108.4512345,
        "captured_at": RECEIVED,
        "duration_ms": None,
        "variants": {"public": form, "original": {"object": "cases/x/original/secret"}},
        **changes,
    }


def stored(*more: Fact, files: tuple[dict[str, Any], ...] | None = None) -> StoredCase:
    """A case that was submitted, assigned, accepted and resolved, and what came after."""
    assigned = CaseAssigned(
        **WHO,
        unit=WARD,
        monitoring_unit=UnitId("urban_order_team"),
        rule=RuleId("x"),
        category=CategoryId("urban_order"),
        category_origin=Origin.REPORTER,
        due_at=snapshot().due_at,
        limit_s=7200,
        clock=Clock.WORKING,
        routing_sequence=1,
    )
    resolved = CaseResolved(**WHO, unit=WARD, outcome="solved", on_time=True)
    result = {"text": SECRETS["result"], "officer": "CÁN-BỘ-TÊN-RIÊNG"}
    facts = [
        Fact(CaseSubmitted(**WHO)),
        Fact(assigned),
        Fact(CaseAccepted(**WHO, unit=WARD)),
        Fact(resolved, result),
        *more,
    ]
    case, history = Case(snapshot=snapshot()), []
    for sequence, fact in enumerate(facts, 1):
        case = evolve(case, fact) if sequence > 1 else case
        event = fact.event
        history.append(
            {
                "sequence": sequence,
                "type": event.type,
                "event": event.model_dump(),
                "words": dict(fact.words),
            }
        )
    content = {
        "text": SECRETS["text"],
        "sub_category": None,
        "location": {
            "lat": 11.9412345,
            "lon": 108.4512345,
            "source": "reporter",
            "accuracy_m": 12.0,
            "address": SECRETS["place"],
            "area": "Phường 1",
        },
        "captured_at": RECEIVED,
        "media": [media("m1"), media("m2", "audio")] if files is None else list(files),
    }
    return StoredCase(
        case=case,
        opened=snapshot(),
        version=len(facts),
        content=content,
        receipt={},
        history=history,
        idempotency={},
    )


JPEG = photo(320, 240)
SOUND = b"sound of the scene"


def contents(
    disclosure: Disclosure, case: StoredCase | None = None, reporter: Reporter | None = None
) -> Contents:
    case = case or stored()
    assert disclosure.grant
    copies = [
        Copy(each, JPEG if each["kind"] == "image" else SOUND)
        for each in granted_media(case, disclosure.grant)
    ]
    return Contents(disclosure, disclosure.grant, case, RULES, copies, reporter)


PACKAGE = pack(contents(approved()))


def unpacked(body: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def summary_of(body: bytes) -> dict[str, Any]:
    return json.loads(unpacked(body)["summary.json"])


@settings(max_examples=20, deadline=None)
@given(st.sets(st.sampled_from([*CONTENTS, IDENTITY]), min_size=1))
def test_a_package_holds_exactly_what_was_agreed_to(agreed: set[str]):
    fields = [each for each in agreed if each != IDENTITY]
    disclosure = approved(
        fields=fields,
        identity=WHY if IDENTITY in agreed else None,
        consent={"identity": IDENTITY in agreed},
    )

    files = unpacked(pack(contents(disclosure, reporter=PERSON)).body)

    assert set(json.loads(files["summary.json"])["content"]) == agreed
    told = (files["summary.json"] + files["summary.html"]).decode()
    for name, secret in SECRETS.items():
        assert (secret in told) is (name in agreed), name
    assert any(name.startswith("media/") for name in files) is ("media" in agreed)
    for never in ("TÊN-MÁY", "CÁN-BỘ-TÊN-RIÊNG", "a_1", "secret", "lời khai"):
        assert never not in told
    if "place" not in agreed:
        assert "11.94" not in told


def test_what_came_after_the_consent_stays_here():
    reopened = CaseReopened(**WHO, disputes=1, due_at=NOW, limit_s=7200, clock=Clock.WORKING)
    later_on = [
        Fact(CaseProgressed(**WHO, unit=WARD)),
        Fact(reopened, {"text": "Chưa xong"}),
    ]
    disclosure = approved(fields=["result", "timeline", "media"])
    then = stored()
    now = stored(*later_on, files=(media("m1"), media("m2", "audio"), media("m3")))

    before, after = (pack(contents(disclosure, case)).body for case in (then, now))

    assert before == after


def test_an_erased_reporter_and_erased_files_leave_no_more():
    disclosure = approved(identity=WHY, consent={"identity": True})
    gone = stored(files=(media("m1", variants={}), media("m2", "audio")))

    told = summary_of(pack(contents(disclosure, gone)).body)["content"]

    assert told["identity"] == {"kind": "resident", "erased": True}
    assert [each["id"] for each in told["media"]] == ["m2"]


def test_the_same_consent_and_content_give_the_same_bytes():
    first, second = (pack(contents(approved())) for _ in range(2))

    assert first == second
    assert first.sha256 == hashlib.sha256(first.body).hexdigest()


def test_every_file_of_a_package_is_proved_by_its_sums():
    files = unpacked(PACKAGE.body)
    sums = dict(
        reversed(line.split("  ")) for line in files.pop("SHA256SUMS").decode().splitlines()
    )

    assert sums == {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
    listed = {each["file"]: each["sha256"] for each in summary_of(PACKAGE.body)["content"]["media"]}
    assert listed == {name: sums[name] for name in files if name.startswith("media/")}


def test_recipient_number_and_date_stand_on_every_page_and_in_every_name():
    disclosure = approved()
    files = unpacked(pack(contents(disclosure)).body)
    line = f"{disclosure.id} · 13/01/2026 · Công an Phường 1"

    assert json.loads(files["summary.json"])["disclosure"]["watermark"] == line
    page = files["summary.html"].decode()
    assert page.count(line) > 100  # over all of the page, and at its foot
    assert "position: fixed" in page
    assert all(disclosure.id in name for name in files if name.startswith("media/"))
    assert files[f"media/m2-{disclosure.id}.m4a"] == SOUND


def test_a_picture_bears_the_words_over_all_of_it_and_beneath():
    shown = photo(640, 480)

    out = marked(shown, "d_0123 · 13/01/2026 · Công an Phường 1")

    with Image.open(BytesIO(shown)) as before, Image.open(BytesIO(out)) as after:
        assert after.width == before.width
        assert after.height > before.height
        changed = ImageChops.difference(before, after.crop((0, 0, *before.size))).convert("L")
        for box in quarters(*before.size):
            part = changed.crop(box).point(lambda value: 255 if value > 40 else 0)
            assert ImageStat.Stat(part).mean[0] / 255 > 0.02  # of each quarter's area
        band = after.crop((0, before.height, after.width, after.height)).convert("L")
        assert band.getextrema()[1] > 200  # letters
        assert not after.getexif()


def quarters(width: int, height: int) -> list[tuple[int, int, int, int]]:
    half_x, half_y = width // 2, height // 2
    return [
        (x, y, x + half_x, y + half_y) for x in (0, width - half_x) for y in (0, height - half_y)
    ]


@pytest.mark.parametrize(
    "size", [pytest.param((1, 1), id="a pixel"), pytest.param((2048, 3), id="a line")]
)
def test_even_the_oddest_picture_is_marked(size: tuple[int, int]):
    out = marked(photo(*size), "d_0123 · 13/01/2026 · " + "Tên rất dài " * 15)

    with Image.open(BytesIO(out)) as after:
        assert after.width >= 320


def test_nothing_that_a_reporter_writes_becomes_code_of_the_page():
    case = stored()
    nasty = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>\"'"
    case.content["location"]["address"] = nasty  # pyright: ignore[reportIndexIssue]
    disclosure = approved(
        fields=["text", "place"],
        purpose=nasty,
        recipient={"organisation": nasty, "contact": nasty},
    )
    with_nasty_text = StoredCase(**{**vars(case), "content": {**case.content, "text": nasty}})

    page = unpacked(pack(contents(disclosure, with_nasty_text)).body)["summary.html"].decode()

    tags = set(re.findall(r"<\s*(\w+)", page))
    assert not tags & {"script", "img", "iframe", "object", "a"}
    assert "onerror=alert(2)&gt;" in page
