"""What a recipient would see, before a leader agrees: the package's own page, made ahead. Pure.

It is made by the functions that make the package, so that it cannot differ from it; only the
identity stays in the vault, since a look at it is a look like any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.intake.disclosures.content import file_view, granted_media, summary
from services.intake.disclosures.model import Disclosure, Grant
from services.intake.disclosures.package import file_name
from services.intake.disclosures.page import STYLE, sheet
from services.intake.domain.rules import Rules
from services.intake.store import StoredCase


@dataclass(frozen=True)
class Prospect:
    """A disclosure with the consent that stands, or the one that is asked for."""

    disclosure: Disclosure
    grant: Grant
    stored: StoredCase
    rules: Rules

    @property
    def media(self) -> Sequence[Mapping[str, Any]]:
        """The files that would leave."""
        return granted_media(self.stored, self.grant)


def preview(prospect: Prospect, base: str) -> dict[str, Any]:
    """Return the page as a fragment with its style, and where its files are, as they would leave.

    Args:
        prospect: What would leave.
        base: The path below which the files are.
    """
    disclosure, rules = prospect.disclosure, prospect.rules
    names = {each["id"]: file_name(each, disclosure.id) for each in prospect.media}
    told = summary(
        disclosure,
        prospect.grant,
        prospect.stored,
        rules=rules,
        reporter=None,
        # hashes stand in summary.json only: no picture is drawn for them here
        files=[file_view(each, names[each["id"]], "", rules) for each in prospect.media],
        sealed=True,
    )
    return {
        "watermark": told["disclosure"]["watermark"],
        "style": STYLE,
        "html": sheet(told),
        "files": [
            {"file": names[each["id"]], "kind": each["kind"], "href": f"{base}/{each['id']}"}
            for each in prospect.media
        ],
    }
