"""Which sentences show an emergency number, as people type them: with accents and without."""

from functools import cache
from pathlib import Path

import pytest

from shared.regulation import Regulation, load_regulation
from shared.text import fold

FOLDER = Path(__file__).parents[2] / "shared" / "regulations"

POLICE = ["113"]
FIRE = ["114"]
AMBULANCE = ["115"]

DANGER = [
    ("Có cướp", POLICE),
    ("Cướp ở chợ đêm", POLICE),
    ("Cướp đang xảy ra tại tiệm vàng", POLICE),
    ("Tên cướp chạy về hướng hồ", POLICE),
    ("Cướp khách sạn trên đường Bùi Thị Xuân", POLICE),
    ("Vừa bị cướp điện thoại", POLICE),
    ("Có trộm vào nhà", POLICE),
    ("Có kẻ dí dao vào cổ chủ tiệm", POLICE),
    ("Hai nhóm đánh lộn trước quán", POLICE),
    ("Người đàn ông chĩa súng vào bảo vệ", POLICE),
    ("Phát hiện thi thể dưới suối", POLICE),
    ("Burglar in my house", POLICE),
    ("Robber with knife", POLICE),
    ("Man with a gun", POLICE),
    ("There is an intruder on the roof", POLICE),
    ("Somebody is breaking in", POLICE),
    ("I was mugged", POLICE),
    ("Armed men at the bank", POLICE),
    ("He is threatening to kill us", POLICE),
    ("People are fighting with bottles", POLICE),
    ("A dead body in the lake", POLICE),
    ("mùi ga nồng nặc", FIRE),
    ("rò rỉ khí ga", FIRE),
    ("nổ bình ga", FIRE),
    ("Bình ga xì mạnh quá", FIRE),
    ("Ga bị rò rỉ trong bếp", FIRE),
    ("Bình gas bị hở", FIRE),
    ("khói bốc lên từ nhà", FIRE),
    ("Khách sạn cháy rụi rồi", FIRE),
    ("Lửa cháy lan sang nhà bên", FIRE),
    ("Có người đòi đốt nhà tôi", FIRE),
    ("Sập giàn giáo, còn người ở dưới", FIRE),
    ("Em bé rơi xuống giếng", FIRE),
    ("Tiệm bánh mì bị cháy", FIRE),
    ("The forest is burning", FIRE),
    ("burning house", FIRE),
    ("Burning building behind the market", FIRE),
    ("The hotel is burning", FIRE),
    ("Smoke coming from the roof", FIRE),
    ("A gas cylinder is leaking", FIRE),
    ("Somebody fell into a well", FIRE),
    ("She is about to jump", FIRE),
    ("Workers are buried alive", FIRE),
    ("xe tông chết người", AMBULANCE),
    ("xe tông người", AMBULANCE),
    ("va chạm giao thông có người chết", AMBULANCE),
    ("Người bị xe tông nằm giữa đường", AMBULANCE),
    ("Hai xe máy đụng nhau", AMBULANCE),
    ("bị rắn độc cắn", AMBULANCE),
    ("Rắn lục cắn vào chân", AMBULANCE),
    ("Bà cụ đang nguy kịch", AMBULANCE),
    ("Uống thuốc trừ sâu", AMBULANCE),
    ("Lên cơn đau tim", AMBULANCE),
    ("Bé bị bỏng nặng", AMBULANCE),
    ("Sắp sinh con mà không có xe", AMBULANCE),
    ("car crash", AMBULANCE),
    ("bus crashed", AMBULANCE),
    ("motorbike crash with injuries", AMBULANCE),
    ("A car crashed into a wall", AMBULANCE),
    ("A child was hit by a motorbike", AMBULANCE),
    ("a man is dying", AMBULANCE),
    ("My baby is choking", AMBULANCE),
    ("He is covered in blood", AMBULANCE),
    ("She is giving birth in a taxi", AMBULANCE),
    ("Bitten by snake at the farm", AMBULANCE),
    ("My father has chest pain", AMBULANCE),
    ("xe khách lao xuống đèo", ["114", "115"]),
    ("Xe tải bị lật ở đèo Prenn", ["114", "115"]),
    ("cây đổ đè trúng người", ["114", "115"]),
    ("Công nhân té từ tầng ba", ["114", "115"]),
    ("A tree fell on someone", ["114", "115"]),
    ("A jeep went off a cliff", ["114", "115"]),
    ("có người tự vẫn", ["113", "115"]),
    ("Ông ấy định tự vẫn", ["113", "115"]),
]

ORDINARY = [
    "Xếp hàng cả buổi bị cháy nắng",
    "cháy nắng",
    "bánh mì cháy",
    "Thịt bị cháy mà vẫn bán",
    "cơm cháy",
    "camp fire",
    "Campfire smoke every weekend",
    "fire the officer",
    "You should fire the clerk",
    "Quán cơm chay bếp bẩn",
    "Đèn đường bị cháy cả tuần",
    "The market has no fire alarm",
    "Giá như ăn cướp",
    "Robbery prices at the night market",
    "Hàng quán cướp vỉa hè",
    "Taxi tranh cướp khách ở bến xe",
    "Hố ga mất nắp trước nhà",
    "Hố ga rò rỉ nước thải",
    "Thanh niên rồ ga nẹt pô",
    "Chuồng gà bốc mùi",
    "Quán bán xì gà lậu",
    "Trường học xuống cấp",
    "Cống sắp tràn ra đường",
    "Để người dân đi lại an toàn",
    "Không treo cờ ngày lễ",
    "Cần có người tư vấn thủ tục",
    "Biển báo bị mất màu",
    "Đường từ thị trấn Lạc Dương rất xấu",
    "Cột đèn bị xe tông gãy",
    "Cây nghiêng, sợ cây đổ trúng người",
    "Đá rơi xuống đèo chưa ai dọn",
    "Suýt tông người vì đèn tín hiệu hỏng",
    "They are burning trash behind our house",
    "The old pine is dying",
    "The website crashed again",
    "We are choking on dust",
    "A dead body of a dog on the road",
    "The bench has a broken leg",
]


@cache
def load(name: str) -> Regulation:
    return load_regulation(FOLDER / name)


@pytest.fixture(params=["dalat.yaml", "lamdong-5-wards.yaml"])
def regulation(request: pytest.FixtureRequest) -> Regulation:
    return load(request.param)


def numbers(text: str, regulation: Regulation) -> list[str]:
    return [hint.number for hint in regulation.emergency_numbers(None, text)]


@pytest.mark.parametrize(("text", "expected"), DANGER)
def test_danger_shows_its_numbers(regulation: Regulation, text: str, expected: list[str]) -> None:
    assert numbers(text, regulation) == expected
    assert numbers(fold(text), regulation) == expected


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_report_shows_none(regulation: Regulation, text: str) -> None:
    assert numbers(text, regulation) == []
    assert numbers(fold(text), regulation) == []
