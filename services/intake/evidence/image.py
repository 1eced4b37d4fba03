"""Photos: decoded to the last row, and copied for other eyes without anything but the picture."""

from collections.abc import Mapping
from datetime import tzinfo
from io import BytesIO
from types import MappingProxyType
from typing import Final

from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from shared.vocabulary import MediaKind

from .headers import JPEG, PNG, WEBP, Picture, picture_of
from .model import Evidence, EvidenceLimits, EvidenceRefused, Reason
from .scene import Scene, scene_of_photo

PUBLIC_PX = 2048  # longest side of the public copy
ENOUGH_PX = 1600  # what our own pages send; a JPEG is not decoded larger than twice this
THUMBNAIL_PX = 320
SIDE_PX = 30_000  # longer than any panorama; a picture of 1 × 50,000,000 took 843 MB (measured)
QUALITY, THUMBNAIL_QUALITY = 82, 75  # about 400 kB and 15 kB
BAND_PX = 1_000_000  # flattened at a time, so that a second full-size picture never exists

# Bytes per pixel that a decoder holds besides the file, measured; together they keep the
# worst picture of each kind under 300 MB. A JPEG by rows is scaled while it is decoded.
WEBP_SHARE = 4  # two canvases, the answer and the picture: 16 bytes a pixel
PNG_SHARE = 1.25  # 4 bytes a pixel, at full size, whatever it holds
WHOLE_JPEG_SHARE = 2  # coefficients: 2 bytes for each of up to four components
SCAN_BUDGET = 12  # passes over the largest picture allowed; 0.1 s each

# Named decoders instead of Image.open, which would try others and only warn of a bomb
_DECODERS: Final[Mapping[str, type[ImageFile]]] = MappingProxyType(
    {JPEG: JpegImageFile, PNG: PngImageFile, WEBP: WebPImageFile}
)
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING: Final = (5, 6, 7, 8)  # stored on its side


def read_image(data: bytes, media_type: str, limits: EvidenceLimits, zone: tzinfo) -> Evidence:
    """Decode a photo wholly and make its public copies.

    Args:
        data: The file.
        media_type: What its first bytes claim: JPEG, PNG or WebP.
        limits: `pixels` is checked in the header, before anything is decoded.
        zone: The zone of an EXIF time that carries no offset.

    Raises:
        EvidenceRefused: too many pixels, animated, truncated, corrupt or an unsupported coding.
    """
    picture = picture_of(data, media_type)
    _check_size(picture, limits.pixels)
    scene = scene_of_photo(picture.exif, zone)
    try:
        shown = _decode(picture)
    except EvidenceRefused:
        raise
    except Exception as error:  # whatever a decoder throws is a verdict on the file
        cut = isinstance(error, OSError) and "truncated" in str(error)
        raise EvidenceRefused(Reason.TRUNCATED if cut else Reason.CORRUPT) from error
    if scene.orientation in _UPRIGHT:
        shown = shown.transpose(_UPRIGHT[scene.orientation])
    lying = scene.orientation in _LYING
    size = (picture.height, picture.width) if lying else (picture.width, picture.height)
    return evidence_of(shown, scene, original=(media_type, len(data)), size=size)


def evidence_of(
    shown: Image.Image, scene: Scene, *, original: tuple[str, int], size: tuple[int, int]
) -> Evidence:
    """Return the evidence of a photo that was decoded.

    Args:
        shown: Upright RGB of at most `PUBLIC_PX`, with no metadata attached; it is used up.
        scene: Where and when.
        original: Media type and bytes of the file.
        size: Width and height of the original in pixels, upright.
    """
    public = _jpeg(shown, QUALITY)
    shown.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BICUBIC)
    return Evidence(
        kind=MediaKind.IMAGE,
        media_type=original[0],
        size_bytes=original[1],
        width_px=size[0],
        height_px=size[1],
        public=public,
        public_type=JPEG,
        thumbnail=_jpeg(shown, THUMBNAIL_QUALITY),
        captured_at=scene.captured_at,
        lat=scene.lat,
        lon=scene.lon,
        altitude_m=scene.altitude_m,
        accuracy_m=scene.accuracy_m,
    )


def _check_size(picture: Picture, most: int) -> None:
    allowed = most
    if picture.media_type == WEBP:
        allowed = most // WEBP_SHARE
    elif picture.media_type == PNG:
        allowed = int(most / PNG_SHARE)
    elif picture.scans:
        allowed = min(most // WHOLE_JPEG_SHARE, most * SCAN_BUDGET // picture.scans)
    if max(picture.width, picture.height) > SIDE_PX:
        raise EvidenceRefused(Reason.TOO_WIDE, limit=SIDE_PX)
    if picture.width * picture.height > allowed:
        raise EvidenceRefused(Reason.TOO_MANY_PIXELS, limit=round(allowed / 1e6, 1))


def _decode(picture: Picture) -> Image.Image:
    """Return the whole picture as RGB of at most `PUBLIC_PX`, with no metadata attached."""
    longest = max(picture.width, picture.height)
    with _DECODERS[picture.media_type](BytesIO(picture.bare)) as image:
        if image.size != (picture.width, picture.height):
            raise EvidenceRefused(Reason.CORRUPT)
        scale = next((by for by in (8, 4, 2) if longest // by >= ENOUGH_PX), 1)
        if picture.media_type == JPEG and scale > 1:  # the decoder scales, at a quarter of the cost
            image.draft(None, (picture.width // scale, picture.height // scale))
        image.load()
        shown = _shrunk(image, max(1, max(image.size) // PUBLIC_PX))
    shown.thumbnail((PUBLIC_PX, PUBLIC_PX), Image.Resampling.BICUBIC)
    shown.info.clear()  # Pillow would carry a comment into the copy
    return shown


def _shrunk(image: Image.Image, factor: int) -> Image.Image:
    """Return the image as RGB on white, its sides divided by `factor`, rounded up."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image.reduce(factor)
    width, height = image.size
    shown = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    rows = factor * max(1, BAND_PX // (width * factor))
    for top in range(0, height, rows):
        band = image.crop((0, top, width, min(height, top + rows)))
        shown.paste(_flat(band).reduce(factor), (0, top // factor))
    return shown


def _flat(band: Image.Image) -> Image.Image:
    if band.mode.startswith("I"):  # 16 bits of grey; Pillow's own conversion would clip, not scale
        return band.point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if not band.has_transparency_data:
        return band.convert("RGB")
    see_through = band.convert("RGBA")
    white = Image.new("RGB", band.size, "white")
    white.paste(see_through, mask=see_through.getchannel("A"))
    return white


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()
