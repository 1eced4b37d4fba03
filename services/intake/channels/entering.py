"""Who enters reports for others, and for which channels. Pure."""

from collections.abc import Mapping

from shared.vocabulary import Channel, Role

# The Office has the hotline 1022, the counter its visitors.
_MAY_ENTER: Mapping[Role, tuple[Channel, ...]] = {
    Role.OFFICE_CLERK: (Channel.HOTLINE, Channel.COUNTER),
    Role.ONESTOP_CLERK: (Channel.COUNTER,),
    Role.IOC_OPERATOR: (Channel.HOTLINE,),
}


def entered_by(role: Role) -> tuple[Channel, ...]:
    """Return the channels for which a role enters reports; the first is the usual one."""
    return _MAY_ENTER.get(role, ())
