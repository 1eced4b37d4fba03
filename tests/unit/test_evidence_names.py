import pytest

from shared.media_names import case_of, case_prefix, original_name, public_name, thumbnail_name

CODE, DIGEST = "DL-7K3Q-9M2F", "0123456789abcdef" * 4


def test_every_object_of_a_case_lies_under_its_prefix():
    names = [
        original_name(CODE, DIGEST),
        public_name(CODE, DIGEST, "m4a"),
        thumbnail_name(CODE, DIGEST),
    ]

    assert names == [
        f"cases/DL-7K3Q-9M2F/original/{DIGEST}",
        f"cases/DL-7K3Q-9M2F/public/{DIGEST}.m4a",
        f"cases/DL-7K3Q-9M2F/thumbnail/{DIGEST}.jpg",
    ]
    assert all(name.startswith(case_prefix(CODE)) for name in names)
    assert {case_of(name) for name in names} == {CODE}


@pytest.mark.parametrize("name", ["", "cases/", "cases//x", "other/DL-1/x", "cases/DL-1"])
def test_a_foreign_object_belongs_to_no_case(name: str):
    assert case_of(name) is None


@pytest.mark.parametrize("code", ["", "..", "a/b", "DL-1/../DL-2", "đ", "x" * 65, "DL-1\n"])
def test_a_code_that_would_leave_its_case_is_refused(code: str):
    with pytest.raises(ValueError, match="case code"):
        case_prefix(code)


@pytest.mark.parametrize(
    ("digest", "suffix"), [("", "jpg"), (DIGEST.upper(), "jpg"), (DIGEST, ""), (DIGEST, "a/b")]
)
def test_an_object_is_named_by_a_digest_and_a_plain_suffix(digest: str, suffix: str):
    with pytest.raises(ValueError, match="name of an object"):
        public_name(CODE, digest, suffix)
