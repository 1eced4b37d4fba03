"""Which passwords are refused, and how they are hashed."""

import asyncio
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.intake.accounts.password_rules import Weakness, generated, normal, weaknesses
from services.intake.accounts.passwords import BusyError, Cost, Passwords

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
NAME = "an.nguyen"


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        pytest.param("", Weakness.TOO_SHORT, id="empty"),
        pytest.param("k7#mPq9!xZa", Weakness.TOO_SHORT, id="eleven characters"),
        pytest.param("a1" * 129, Weakness.TOO_LONG, id="257 characters"),
        pytest.param("An.Nguyen", Weakness.TOO_SHORT, id="the username, short"),
        pytest.param("AN-nguyen-2024", Weakness.IS_USERNAME, id="the username and a year"),
        pytest.param("nguyen matkhau", None, id="half of the username"),
        pytest.param("password1234", Weakness.TOO_COMMON, id="everybody's first choice"),
        pytest.param("P@ssw0rd2024!", Weakness.TOO_COMMON, id="spelled with signs"),
        pytest.param("Mật khẩu 2024", Weakness.TOO_COMMON, id="with accents"),
        pytest.param("ĐàLạt@20242025", Weakness.TOO_COMMON, id="the city"),
        pytest.param("admin.dalat.2026", Weakness.TOO_COMMON, id="two common words"),
        pytest.param("annguyen-matkhau1", Weakness.TOO_COMMON, id="the username and a word"),
        pytest.param("matkhaumatkhaumatkhau", Weakness.TOO_COMMON, id="a word repeated"),
        pytest.param("123456789012", Weakness.TOO_COMMON, id="counting"),
        pytest.param("098765432109", Weakness.TOO_COMMON, id="counting down"),
        pytest.param("qwertyuiop123", Weakness.TOO_COMMON, id="a row of keys"),
        pytest.param("1qaz2wsx3edc", Weakness.TOO_COMMON, id="columns of keys"),
        pytest.param("abcabcabcabc", Weakness.TOO_COMMON, id="three letters"),
        pytest.param("aaaaaaaaaaaa", Weakness.TOO_COMMON, id="one letter"),
        pytest.param("!!!!!!!!!!!!", Weakness.TOO_COMMON, id="no letter at all"),
        pytest.param("hoa mimosa vàng", None, id="a sentence"),
        pytest.param("mưa phùn tháng ba", None, id="a sentence with accents"),
        pytest.param("k7mpq9xzawrt", None, id="twelve characters"),
        pytest.param("mưa phùn tháng ba " * 14, None, id="252 characters"),
    ],
)
def test_weak_passwords_are_refused(password: str, weakness: Weakness | None):
    assert weaknesses(password, NAME) == ([weakness] if weakness else [])


def test_a_generated_password_is_good_readable_and_never_the_same():
    made = {generated() for _ in range(50)}

    assert len(made) == 50
    assert all(weaknesses(each, NAME) == [] for each in made)
    assert not set("".join(made)) & set("01ilo")


@given(some.text(max_size=300), some.text(max_size=64))
def test_every_text_is_judged(password: str, username: str):
    assert len(weaknesses(password, username)) <= 1


@pytest.fixture
def passwords():
    made = Passwords(CHEAP, workers=1, waiting=2)
    yield made
    made.close()


async def test_a_hash_is_argon2id_salted_and_verifies(passwords: Passwords):
    one, two = await passwords.hash("mưa phùn"), await passwords.hash("mưa phùn")

    assert one.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert one != two
    assert await passwords.verify(one, "mưa phùn")
    assert not await passwords.verify(one, "mua phun")


async def test_the_same_accents_from_another_keyboard_are_the_same_password(passwords: Passwords):
    hashed = await passwords.hash(unicodedata.normalize("NFC", "mật khẩu của tôi"))

    assert await passwords.verify(hashed, unicodedata.normalize("NFD", "mật khẩu của tôi"))
    assert normal("ﬁ") == "fi"


async def test_nobody_and_nonsense_are_never_right(passwords: Passwords):
    assert not await passwords.verify(None, "")
    assert not await passwords.verify("no hash", "x")
    assert not await passwords.verify("$argon2id$", "x")


async def test_a_hash_of_another_cost_is_outdated(passwords: Passwords):
    dearer = Passwords(Cost(memory_kib=128, passes=1, lanes=1))
    hashed = await passwords.hash("x")
    dearer.close()

    assert dearer.outdated(hashed)
    assert not passwords.outdated(hashed)


async def test_who_would_wait_too_long_is_told_so_at_once(passwords: Passwords):
    answers = await asyncio.gather(
        *(passwords.hash(f"{number}") for number in range(10)), return_exceptions=True
    )

    assert [type(each) for each in answers] == [str] * 3 + [BusyError] * 7
    assert await passwords.hash("afterwards")
