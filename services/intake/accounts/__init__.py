"""Accounts and roles: "Mỗi CBCCVC … sẽ được UBND TP. Đà Lạt cấp tài khoản"."""
