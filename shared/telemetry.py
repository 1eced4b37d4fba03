"""Every metric of the house, on one page; each process serves its own at /metrics."""

from prometheus_client import Counter, Gauge, Histogram

FAST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

HANDLED = Counter("civic_messages_handled", "Messages by queue and result", ["queue", "result"])
HANDLING_S = Histogram("civic_handling_seconds", "Time of one message", ["queue"], buckets=FAST_S)
BRAKED = Gauge("civic_brake", "1 while everything fails and messages are held", ["queue"])
DEAD_LETTERS = Gauge("civic_dead_letters", "Messages that wait for a person", ["queue"])
PUBLISHED = Counter("civic_events_published", "Events that the broker confirmed", ["type"])
PUBLISH_FAILED = Counter("civic_publish_failed", "Publishes that were not confirmed", ["reason"])
FOREIGN = Counter("civic_stream_foreign", "Messages of the stream that are no event; each reading")
OUTBOX_PENDING = Gauge("civic_outbox_pending", "Aggregates that owe an event", ["collection"])
OUTBOX_OLDEST_S = Gauge(
    "civic_outbox_oldest_seconds", "Age of the oldest owed event", ["collection"]
)
REQUESTS = Counter("civic_http_requests", "Requests by route and status", ["route", "status"])
REQUEST_S = Histogram("civic_http_seconds", "Time of one request", ["route"], buckets=FAST_S)
ORPHANS_REMOVED = Counter("civic_orphans_removed", "What a crash left without a case", ["kind"])
REPORTS = Counter("civic_reports", "Reports by what became of them on arrival", ["result"])
DEADLINES_FIRED = Counter("civic_deadlines_fired", "Deadline stages that fired", ["stage"])
PROMISE_MISMATCH = Counter("civic_promise_mismatch", "Promises that sla counts differently")
DELIVERIES = Counter(
    "civic_deliveries", "Messages to people by channel and outcome", ["channel", "outcome"]
)
REPORTERS_OPENED = Counter(
    "civic_reporters_opened", "Sealed reporters that were opened, by purpose", ["purpose"]
)
WATCHERS = Gauge("civic_watchers", "Open event streams to browsers and the IOC", ["kind"])
WORKER_DEATHS = Counter("civic_decoder_deaths", "Decoding processes that a file killed or hung")
WORKER_PEAK = Gauge("civic_decoder_peak_bytes", "The most memory that one file took to decode")
