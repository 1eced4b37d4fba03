import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import Phrases, contains, fold, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("Rác đầy ĐƯỜNG", "rac day duong", id="accents, đ and capitals"),
        pytest.param(
            unicodedata.normalize("NFD", "Phường Xuân Hương"), "phuong xuan huong", id="NFD"
        ),
        pytest.param("hoà", "hoa", id="new tone placement"),
        pytest.param("hòa", "hoa", id="old tone placement"),
        pytest.param("r\u034fa\u0301c\u200b th\ufeffải", "rac thai", id="joiners and zero width"),
        pytest.param("rаc thải", "rac thai", id="cyrillic a inside a latin word"),
        pytest.param("РHƯỜNG 2", "phuong 2", id="cyrillic capital er inside a latin word"),
        pytest.param("Ðà Lạt", "da lat", id="eth typed for Đ"),
        pytest.param("Ｐｈường ２", "phuong 2", id="full-width letters"),
        pytest.param("мусор на улице", "мусор на улице", id="russian stays russian"),
        pytest.param("чужой йод", "чужой йод", id="russian keeps its own marks"),
        pytest.param("쓰레기 문제", "쓰레기 문제", id="korean stays composed"),
        pytest.param("ごみが多い", "ごみが多い", id="japanese keeps its voiced sounds"),
        pytest.param(
            "  rác,\n\trác;   rác!!! ", "rac rac rac", id="punctuation and space collapse"
        ),
        pytest.param("an_toàn-thực/phẩm", "an toan thuc pham", id="joined by signs"),
        pytest.param("ถนนชำรุด", "ถนนช\u0e4d\u0e32ร\u0e38ด", id="thai stays one word"),
        pytest.param("", "", id="nothing"),
        pytest.param("!!! ... \u0301", "", id="no words"),
        pytest.param("P.2", "phuong 2", id="P.2"),
        pytest.param("p2", "phuong 2", id="p2"),
        pytest.param("P. 12, Đà Lạt", "phuong 12 da lat", id="P. 12"),
        pytest.param("Phường 02", "phuong 2", id="a leading zero"),
        pytest.param("phường2", "phuong 2", id="no space before the number"),
        pytest.param("P.102", "p 102", id="a room is no ward"),
        pytest.param("xe 3p15", "xe 3p15", id="inside another word"),
        pytest.param("ko ai dọn, k có thùng", "khong ai don khong co thung", id="ko and k"),
        pytest.param("hok đc dọn", "khong duoc don", id="hok and đc"),
        pytest.param("tô phở 50 k", "to pho 50 k", id="50 k is a price"),
        pytest.param("tô phở 50k", "to pho 50k", id="50k is a price"),
        pytest.param("đc 12 Phan Đình Phùng", "dc 12 phan dinh phung", id="đc 12 is an address"),
        pytest.param("người K'Ho", "nguoi kho", id="K'Ho is a people"),
        pytest.param("5 kg rau", "5 kg rau", id="kg is a weight"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text() | st.text(alphabet="kopdchug hP0123.'’ đĐ\u0301аеАкВ_ð"))
def test_folding_a_key_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="aăâeêioôơuưyđckhnpgtrAĐ \u0300\u0301\u0303\u0309\u0323.2'0"))
def test_composed_and_decomposed_text_have_the_same_key(text: str) -> None:
    forms = {fold(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")}

    assert len(forms) == 1


@given(st.text())
def test_words_are_the_key_split_at_its_spaces(text: str) -> None:
    assert " ".join(words(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "phrase", "expected"),
    [
        pytest.param("phường 1, Đà Lạt", "Phường 1", True, id="whole words"),
        pytest.param("phường 10", "phường 1", False, id="not inside a longer number"),
        pytest.param("phường 11 và phường 12", "phường 1", False, id="not in 11 or 12"),
        pytest.param("rừng thông", "ung thong", False, id="not from the middle of a word"),
        pytest.param("rừng thông", "", False, id="an empty phrase is nowhere"),
        pytest.param("rừng thông", "rừng thông", True, id="the whole text"),
    ],
)
def test_contains_finds_whole_words_only(text: str, phrase: str, *, expected: bool) -> None:
    assert contains(fold(text), fold(phrase)) is expected


def found(phrases: Phrases[int], text: str) -> list[str]:
    return [hit.phrase for hit in phrases.find(text)]


FIRE = Phrases([("cháy", 1), ("cháy nhà", 1), ("quán ăn bẩn", 2), ("karaoke", 3)], accents=True)


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        pytest.param("Cháy ở hẻm 12", ["cháy"], id="accented"),
        pytest.param("xe chạy ở hẻm 12", [], id="another accented word with the same letters"),
        pytest.param("chay o hem 12", [], id="one bare syllable decides nothing"),
        pytest.param("chay nha o hem 12", ["cháy nhà"], id="two bare syllables do"),
        pytest.param("cháy nha o hem 12", ["cháy nhà"], id="half accented"),
        pytest.param("quán ăn bán khuya", [], id="one accented word of three differs"),
        pytest.param("quan an ban khuya", ["quán ăn bẩn"], id="unaccented words have any reading"),
        pytest.param("KARAOKE!", ["karaoke"], id="a keyword without accents"),
        pytest.param("cháy nhà, cháy", ["cháy nhà", "cháy"], id="the longest, then the rest"),
    ],
)
def test_an_accented_word_counts_only_as_itself(text: str, phrases: list[str]) -> None:
    assert found(FIRE, text) == phrases


def test_names_are_found_whatever_their_accents() -> None:
    names = Phrases([("Tà Nung", 1), ("Phường 1", 2), ("Phường 10", 3)], accents=False)

    assert found(names, "xã tá nùng, phuong 10") == ["Tà Nung", "Phường 10"]


def test_tone_marks_on_either_vowel_are_the_same_accents() -> None:
    phrases = Phrases([("hoả hoạn", 1)], accents=True)

    assert found(phrases, "Có hỏa hoạn") == ["hoả hoạn"]


def test_a_phrase_given_twice_stands_for_both_values() -> None:
    phrases = Phrases([("bạo hành trẻ em", 111), ("bạo hành trẻ em", 113)], accents=True)

    assert [hit.values for hit in phrases.find("bạo hành trẻ em")] == [(111, 113)]


def test_phrases_that_fold_alike_are_both_found() -> None:
    phrases = Phrases([("giá cả", 1), ("gia cá", 2)], accents=True)

    assert found(phrases, "gia ca") == ["giá cả", "gia cá"]
    assert found(phrases, "giá cả") == ["giá cả"]


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param("é" + "a" * 200_000 + "а", id="one endless word"),
        pytest.param("р\u0301a" * 60_000, id="one endless mixed word"),
        pytest.param("a" + "\u0301" * 200_000, id="endless marks"),
        pytest.param(" \u0301_" * 60_000, id="marks on nothing"),
        pytest.param("k p 1 dc " * 20_000, id="abbreviations"),
        pytest.param("p" + "\u0301" * 100_000 + " h", id="an abbreviation that never comes"),
        pytest.param("p0" + "\u0301" * 100_000 + "1" + "\u0301" * 100_000 + "x", id="nor here"),
    ],
)
def test_folding_a_hostile_text_takes_linear_time(hostile: str) -> None:
    started = time.process_time()
    fold(hostile)

    assert time.process_time() - started < 2
