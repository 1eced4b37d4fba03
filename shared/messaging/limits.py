"""How long and how often: the bounds of everything that is asked of the broker."""

HEARTBEAT_S = 5  # a half-open link is noticed after three times this, not after three minutes
RECONNECT_S = 1.0  # between two attempts
MISCONFIGURED_S = 10.0  # until a person has changed what only a person can
CONNECT_S = 12.0  # to connect and declare all: below what a start waits (runtime.BROKER_S)
SETTLES_S = 1.5  # a broker that has just come back: its stream needs a leader first
CONFIRM_S = 5.0  # our own bound: the library's begins only once the connection is unblocked
ATTEMPTS = 7  # 1, 1, 10, 10, 60 and 60 s apart
RETURN_S = 1.0  # before a message is given back
OUTAGE_PATIENCE_S = 600.0  # the broker takes a message back from a consumer after thirty minutes
BRAKE_RUN = 25  # different messages that fail with none handled between: then it is us
BRAKE_PAUSE_S = 1.0  # before the first try, doubled by each that fails:
BRAKE_PAUSE_MOST_S = 30.0  # a night of a bad deploy buries a thousand messages, not all
SLOT_S = 0.15  # between two groups of messages when they come often; at rest none waits
BIND_EVERY_S = 60.0  # what was unbound hears again; in between it missed what was said
SUSPECT_AFTER = 2  # times that a message was in hand when its process ended: then it goes alone
SUSPECT_TRIES = 5  # that end the process; with those above below ten
LOOK_EVERY_S = 10.0  # two looks in vain end the process: half a minute at most without a consumer
