"""What was written a moment ago is given out once, and never grows without bound."""

from shared.recent import Recent


def test_a_value_is_given_out_once():
    recent: Recent[str] = Recent()
    recent.keep("a", "first")

    assert recent.take("a") == "first"
    assert recent.take("a") is None


def test_the_oldest_is_forgotten_first():
    recent: Recent[int] = Recent(size=2)
    for number, name in enumerate("abc"):
        recent.keep(name, number)

    assert [recent.take(name) for name in "abc"] == [None, 1, 2]
