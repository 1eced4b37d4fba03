"""The open cases as the wall draws them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.e2e.client import City, eventually, report


def test_an_open_case_is_there_coarsely_until_it_is_done(stack_file: Path):
    city = City.at(stack_file)
    before = datetime.now(UTC) - timedelta(seconds=2)
    place = {"lat": 11.943219, "lon": 108.437654}
    receipt = city.send(report(location=place, text="Rác tràn ra đường, xin dọn giúp")).json()
    city.in_state(receipt, "assigned")

    def listed() -> dict[str, dict[str, object]]:
        items = city.notify.get("/ioc/cases").json()["items"]
        return {each["code"]: each for each in items}

    row = eventually(lambda: listed().get(receipt["code"]))
    assert (row["lat"], row["lon"]) == (11.9432, 108.4377)
    named = ("code", "state", "category", "unit", "area", "channel", "due_at", "lat", "lon")
    assert set(row) == set(named)
    assert row["channel"] == "web"

    mark = city.notify.get("/ioc/cases").json()["watermark"]
    assert mark.keys() == city.notify.get("/ioc/summary").json()["watermark"].keys()
    assert mark["offset"] >= 0

    city.reporter(receipt, "withdraw")
    eventually(lambda: receipt["code"] not in listed())
    then = city.notify.get("/ioc/cases", params={"at": before.isoformat()}).json()["items"]
    assert receipt["code"] not in {each["code"] for each in then}
    answer = city.notify.get("/ioc/cases", params={"at": "2199-01-01T00:00:00Z"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "at"
    city.close()
