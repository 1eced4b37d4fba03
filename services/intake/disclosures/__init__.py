"""Disclosures: the only way on which content of a case leaves, and only with the leaders' consent.

"Các nội dung phản ánh, kiến nghị chỉ được phép cung cấp, chia sẻ cho bên thứ 3 khi có sự đồng ý
của lãnh đạo UBND."
"""
