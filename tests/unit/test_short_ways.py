"""Where a common input has a quicker way than the general one, both ways agree."""

from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.intake.domain.report import writable
from shared.identity import ALPHABET, new_code, read_code
from shared.screening.disguise import clean, plain_words
from shared.text import fold

LETTERS = "aăâeêioôơuưyđĐðbcdhkpKB0129"
MARKS = "\u0300\u0301\u0303\u0309\u0323\u034f"
TYPED = st.text(LETTERS + MARKS + "ảặếÁ .,'’_-–“”•…\n\t*@/()\u203f\x1c\xa0ﬁ①", max_size=30)
NO_DASHES = st.text(LETTERS + "ảặếÁ .,“”•\n*@", max_size=30)
LOCAL = st.text("abz09._+-AX\"' ạ", max_size=8) | st.just("a" * 64) | st.just("a" * 65)
LABEL = st.text("ab9-Xé", max_size=4) | st.sampled_from(
    ["test", "local", "localhost", "xn--fiq228c", "ab--c", "b" * 63, "b" * 64, "vn", "com"]
)
DOMAIN = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
MANY = settings(max_examples=400)


@MANY
@given(TYPED)
@example("\u0301a")
@example("K'Ho")
@example("P. 2, đc")
def test_a_text_is_folded_the_same_beside_letters_that_need_the_general_way(typed: str) -> None:
    assert fold(f"{typed} й") == f"{fold(typed)} й".strip()


@MANY
@given(NO_DASHES)
def test_words_are_parted_the_same_beside_one_with_a_loose_tone(typed: str) -> None:
    cleaned = clean(typed)
    assert plain_words(f"b\u0301 {cleaned}")[1:] == plain_words(f"b {cleaned}")[1:]


@MANY
@given(LOCAL, DOMAIN)
@example("postmaster", "example.com")
@example("Postmaster", "example.com")
def test_an_address_is_taken_just_as_the_library_takes_it(local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    try:
        expected = validate_email(
            address, check_deliverability=False, globally_deliverable=False
        ).normalized
    except EmailNotValidError:
        expected = None
    try:
        taken = writable(address)
    except ValueError:
        taken = None
    assert taken == expected


def test_codes_use_the_whole_alphabet_at_every_place_and_read_back() -> None:
    codes = [new_code("DL") for _ in range(2_000)]
    assert all(read_code(code) == code for code in codes)
    for place in (3, 4, 5, 6, 8, 9, 10):  # "DL-7K3Q-9M2F", without its check character
        # one letter missing by chance: 31 * (30/31)**2000, once in 10**27 runs
        assert {code[place] for code in codes} == set(ALPHABET)
