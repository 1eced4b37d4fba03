"""Evidence: photos and sound from the scene, judged by decoding and copied without metadata.

Whoever imports this package loads no decoder: those live in the workers of `pool.py`.
"""

from .model import Evidence, EvidenceLimits, EvidenceRefused, Reason
from .pool import InspectionPool

__all__ = ["Evidence", "EvidenceLimits", "EvidenceRefused", "InspectionPool", "Reason"]
