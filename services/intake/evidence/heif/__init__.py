"""HEIC photos, as iPhones make them: read box by box, and rebuilt from nothing but their pictures.

What the decoder gets is a file that we wrote: one coded picture with the parameter sets that it
needs. Items, locations, thumbnails, depth, sequences and metadata of the sender never reach it, so
most of a HEIF parser is out of reach of a hostile file. Sources: ISO 14496-12, 14496-15, 23008-12.
"""

from .photo import Crop, HeifPhoto, Tile, Turn, read_heif

__all__ = ["Crop", "HeifPhoto", "Tile", "Turn", "read_heif"]
