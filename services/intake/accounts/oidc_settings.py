"""How a city is known at its OpenID provider, and what a refused sign-in is.

Apart from the provider itself, whose libraries only those cities load that have one.
"""

from dataclasses import dataclass

from services.intake.accounts.domain import AccountError


class OidcRefusedError(AccountError):
    """The sign-in is refused; reason and account are for the audit, the caller is told less."""

    def __init__(self, reason: str, account: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.account = account


@dataclass(frozen=True)
class OidcSettings:
    """How this city is known at its provider.

    Attributes:
        issuer: URL; its discovery document is below it.
        redirect_url: Where the provider sends people back to, as it is registered there.
        claim: `preferred_username` or `email`: what names the account.
        verified_email: Whether an address counts only when the provider says that it is verified.
        secure: Whether the browser may send our cookie over HTTPS only.
    """

    issuer: str
    client_id: str
    client_secret: str
    redirect_url: str
    claim: str = "preferred_username"
    verified_email: bool = True
    secure: bool = True
