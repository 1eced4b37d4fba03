"""Ten reports as people of Đà Lạt send them, one per category; the demo sends them."""

from dataclasses import dataclass
from typing import Any

REGULATION = "dalat"  # whose units `unit` names


@dataclass(frozen=True)
class Sample:
    """A report, and where it belongs.

    Attributes:
        category: Its category.
        area: The ward that the reporter names.
        address: Where it is, in words.
        position: Latitude and longitude (WGS-84) that the photo's EXIF carries.
        text: What the reporter writes.
        reporter: The `reporter` part of the request.
        unit: The handling unit that the regulation names.
    """

    category: str
    area: str
    address: str
    position: tuple[float, float]
    text: str
    reporter: dict[str, str]
    unit: str


def request_body(sample: Sample, *, captured_at: str, photo: str, sound: str) -> dict[str, Any]:
    """Return the JSON part of the request; `photo` and `sound` are file names."""
    return {
        "text": sample.text,
        "category": sample.category,
        "area": sample.area,
        "location": {"address": sample.address},
        "captured_at": captured_at,
        "terms": {"accepted": True},
        "media": [{"name": photo, "kind": "image"}, {"name": sound, "kind": "audio"}],
        "reporter": sample.reporter,
    }


def _person(name: str, mailbox: str, kind: str = "resident", **more: str) -> dict[str, str]:
    return {"kind": kind, "name": name, "email": f"{mailbox}@example.com", "language": "vi", **more}


SAMPLES = (
    Sample(
        "service_attitude",
        "Phường 2",
        "Bộ phận một cửa, đường Trần Phú, Đà Lạt",
        (11.9373, 108.4331),
        "Sáng nay tôi đến bộ phận một cửa nộp hồ sơ. Nhân viên tiếp nhận nói trống không, để tôi "
        "chờ hơn một giờ rồi bảo về mà không cho biết hồ sơ còn thiếu giấy tờ gì.",
        _person("Nguyễn Thị Hoa", "hoa.nguyen", anonymity="confidential", phone="0900 000 001"),
        "home_affairs",
    ),
    Sample(
        "market_price",
        "Phường 1",
        "Chợ Đà Lạt, Phường 1",
        (11.9430, 108.4370),
        "Quầy trái cây gần cổng chợ niêm yết dâu tây 120.000 đồng một ký nhưng khi tính tiền lấy "
        "200.000 đồng. Tôi hỏi lại thì người bán không trả lời.",
        _person("Trần Văn Lâm", "lam.tran", "tourist"),
        "ward_1",
    ),
    Sample(
        "culture_tourism",
        "Phường 10",
        "Railway station, Quang Trung street, Ward 10",
        (11.9416, 108.4546),
        "A man outside the railway station told us that the ticket office was closed and sold us "
        "tour tickets at twice the price. There was no guide and no receipt. He was talking to "
        "other visitors when we left.",
        _person("Emma Clarke", "emma.clarke", "tourist", language="en"),
        "ward_10",
    ),
    Sample(
        "forest",
        "Phường 3",
        "Tiểu khu thông cạnh đèo Prenn, Phường 3",
        (11.9051, 108.4519),
        "Một nhóm người đang cưa hạ thông trong rừng phòng hộ cạnh đèo Prenn, đã có năm gốc mới "
        "chặt. Họ đốt cành khô, khói bốc cao và lửa đã cháy lan ra bãi cỏ.",
        _person("K'Brừm", "kbrum"),
        "ward_3",
    ),
    Sample(
        "environment",
        "Phường 8",
        "Đầu hẻm đường Nguyên Tử Lực, Phường 8",
        (11.9630, 108.4497),
        "Rác sinh hoạt chất đống hơn một tuần ở đầu hẻm, nước rỉ ra mặt đường, mùi hôi bay vào "
        "trường mầm non bên cạnh.",
        _person("Lê Thị Mai", "mai.le", phone="0900 000 005"),
        "ward_8",
    ),
    Sample(
        "security_traffic",
        "Phường 9",
        "Ngã tư Nguyễn Đình Chiểu – Lữ Gia, Phường 9",
        (11.9497, 108.4590),
        "Vừa xảy ra tai nạn giữa hai xe máy, một người bị thương ở chân. Đèn tín hiệu của ngã tư "
        "này hỏng từ hôm qua, chưa thấy ai đến sửa.",
        _person("Phạm Quốc Huy", "huy.pham"),
        "city_police",
    ),
    Sample(
        "construction_order",
        "Phường 7",
        "Hẻm đường Xô Viết Nghệ Tĩnh, Phường 7",
        (11.9620, 108.4275),
        "Công trình trong hẻm đã xây đến tầng sáu trong khi biển phép chỉ ghi bốn tầng, đổ cát đá "
        "ra đường và thi công cả ban đêm.",
        _person("Công ty TNHH Thông Xanh", "lienhe.thongxanh", "business"),
        "ward_7",
    ),
    Sample(
        "food_safety",
        "Phường 6",
        "Cổng trường, đường Hai Bà Trưng, Phường 6",
        (11.9478, 108.4290),
        "Xe bán bánh tráng nướng trước cổng trường để thịt sống ngoài nắng, không che đậy. Chiều "
        "qua ba cháu học sinh ăn xong đau bụng, nghi bị ngộ độc thực phẩm.",
        _person("Hội phụ huynh lớp 5A", "phuhuynh.5a", "organisation"),
        "ward_6",
    ),
    Sample(
        "urban_order",
        "Phường 5",
        "Đường Hoàng Diệu, Phường 5",
        (11.9429, 108.4236),
        "Hàng quán bày bàn ghế kín vỉa hè, người đi bộ và xe đẩy em bé phải xuống lòng đường, đông "
        "nhất là buổi tối cuối tuần.",
        _person("Đỗ Minh Anh", "anh.do"),
        "ward_5",
    ),
    Sample(
        "other",
        "Phường 11",
        "Dốc Trại Mát, đường Hùng Vương, Phường 11",
        (11.9411, 108.4935),
        "Đèn đường ở đoạn dốc tắt ba đêm liền, khúc cua rất tối. Đề nghị sửa đèn và gắn thêm "
        "gương cầu cho người đi xe từ trong hẻm ra.",
        _person("Bùi Văn Tâm", "tam.bui"),
        "office",
    ),
)
