"""Which places of a follower are to be asked whether they want to hear. Pure.

Anybody can type anybody's address. So each place (mail, telephone) is asked once for each case, and
told nothing else until its owner has answered.
"""

from dataclasses import replace
from datetime import datetime

from shared.confirmations import EMAIL, PHONE, Ask
from shared.followers import Follower
from shared.identity import Reporter
from shared.phone import mobile

PLACE_OF = {"email": EMAIL, "zalo": PHONE, "sms": PHONE}  # a browser has said yes itself


def places(person: Reporter) -> dict[str, str]:
    """Return the places that somebody's channels need, with the address of each."""
    named = {PLACE_OF[each] for each in person.channels or () if each in PLACE_OF}
    found = {EMAIL: person.email, PHONE: mobile(person.phone)}
    return {place: address for place, address in found.items() if address and place in named}


def unconfirmed(follower: Follower) -> list[str]:
    """Return the channels that wait for a confirmation, in their order."""
    needed = places(follower.person).keys() - follower.confirmed
    return [each for each in follower.person.channels or () if PLACE_OF.get(each) in needed]


def questions(before: Follower, wanted: Reporter, now: datetime) -> tuple[Follower, list[str]]:
    """Return a follower with a new wish, and the places that are to be asked.

    What was confirmed stays so while its address stays; so does a question that still waits.
    """
    old, new = places(before.person), places(wanted)
    same = {place for place, address in new.items() if old.get(place) == address}
    # from before there were questions, or kept for a channel that was not chosen meanwhile
    kept = {
        place
        for place, address in _addresses(wanted).items()
        if place in before.confirmed and _addresses(before.person).get(place) == address
    }
    asks = tuple(
        each
        for each in before.asks
        if (each.place in same and each.waits(now)) or (each.done and each.place in kept)
    )
    asked = {each.place for each in asks}
    after = replace(before, person=wanted, confirmed=frozenset(kept), asks=asks)
    return after, sorted(new.keys() - kept - asked)


def answered(follower: Follower, ask: Ask) -> Follower:
    """Return a follower whose place has said yes."""
    done = tuple(replace(each, done=True) if each.id == ask.id else each for each in follower.asks)
    return replace(follower, confirmed=follower.confirmed | {ask.place}, asks=done)


def lapsed(follower: Follower, now: datetime) -> Follower | None:
    """Return a follower without the addresses that nobody confirmed; None: nothing is left."""
    person = follower.person
    gone = {each.place for each in follower.asks if not each.done and each.until <= now}
    gone -= follower.confirmed
    changes = dict.fromkeys(gone)
    channels = tuple(each for each in person.channels or () if PLACE_OF.get(each) not in gone)
    asks = tuple(each for each in follower.asks if each.done or now < each.until)
    if not channels:
        return None
    kept = person.model_copy(update={**changes, "channels": channels})
    return replace(follower, person=kept, asks=asks)


def _addresses(person: Reporter) -> dict[str, str]:
    found = {EMAIL: person.email, PHONE: mobile(person.phone)}
    return {place: address for place, address in found.items() if address}
