"""Where photos and recordings lie: an S3 bucket, and the only import of its client.

Names come from media_names.py. Every object is put in one piece of known length, so an upload that
breaks leaves nothing behind. The bucket is private; intake serves what may be seen.
"""

from shared.media.link import MediaSettings
from shared.media.store import Download, MediaStore, RangeError, StoredObject

__all__ = ["Download", "MediaSettings", "MediaStore", "RangeError", "StoredObject"]
