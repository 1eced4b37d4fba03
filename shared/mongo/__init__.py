"""The only import of the driver: connections, documents, and aggregates with their outbox.

Every write waits for the majority and its journal (`w: majority, j: true`). One aggregate is one
document; no transaction spans two (they cost three times the CPU, and the strongest outside tests
of MongoDB broke them, never single documents).
"""

from shared.mongo.aggregates import OWES_EVENTS, Aggregates, Entry, Swap, Tail
from shared.mongo.connection import Database, Document, connect, database, outages, ping
from shared.mongo.documents import Change, Documents, Index, Numbered

__all__ = [
    "OWES_EVENTS",
    "Aggregates",
    "Change",
    "Database",
    "Document",
    "Documents",
    "Entry",
    "Index",
    "Numbered",
    "Swap",
    "Tail",
    "connect",
    "database",
    "outages",
    "ping",
]
