"""Backup and restore: the databases and the bucket as one folder, consistent with each other.

Who hears of a case is saved before the case, so that after a restore no listener is ahead of what
it hears; what a case refers to (its reporter, its edition of the rules, its media) is saved after
it, so that no case lacks it. RabbitMQ is not saved: whatever it held is said again by the restored
services (republish), and the stream of the operations centre is rebuilt from the same events.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from shared.errors import CivicError
from shared.media import MediaStore
from shared.mongo import Database
from shared.mongo.dump import collections_of, load_collection, read_pages, save_collection

FORMAT = 1
MANIFEST = "manifest.json"
# Listeners first, then the cases, then what cases refer to; notify's deliveries at the very end,
# since a message that is known to be sent is not sent again.
ORDER = ("sla", "router", "intake", "identity", "rules")
LAST = "notify"
# Rebuilt by what is republished; restored, they might be ahead of what they are made from.
COUNTER = ("onestop_desks", "onestop_boards", "onestop_dossiers")
DERIVED = {("notify", name) for name in ("cases", "journeys", "marks", *COUNTER)}
FLEETING = ("intake", "presences")  # who has a case open at this moment is nothing to keep
CASES = ("intake", "cases")
PAGE = 200
AT_ONCE = 8

Say = Callable[[str], None]


class BackupError(CivicError):
    """It cannot be saved or restored like this; the sentence says why."""


@dataclass(frozen=True)
class Places:
    """What is saved: databases by their name without the prefix, and the bucket."""

    names: tuple[str, ...]
    database: Callable[[str], Database]
    media: MediaStore


async def save(places: Places, folder: Path, now: Callable[[], datetime], say: Say) -> None:
    """Save everything into an empty folder; it may be done under load.

    Raises:
        BackupError: the folder is not empty.
        OutageError: MongoDB or the bucket went away; the folder has no manifest and is worthless.
    """
    if not _is_empty(folder):
        raise BackupError(f"{folder} is not empty")
    started = now()
    files = [await _save_database(places.database(n), n, folder, say) for n in ordered(places)]
    objects, missing = await _save_objects(places, folder)
    say(f"objects: {objects}" + (f", {len(missing)} erased meanwhile" if missing else ""))
    manifest = {
        "format": FORMAT,
        "started_at": started,
        "ended_at": now(),
        "files": {name: what for each in files for name, what in each.items()},
        "objects": objects,
        "missing": missing,
    }
    (folder / MANIFEST).write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))


def _is_empty(folder: Path) -> bool:
    return not folder.exists() or not any(folder.iterdir())


def ordered(places: Places) -> list[str]:
    """Return the databases in the order in which they are saved."""
    others = [name for name in places.names if name not in {*ORDER, LAST}]
    return [name for name in (*ORDER, *others, LAST) if name in places.names]


async def _save_database(
    base: Database, name: str, folder: Path, say: Say
) -> Mapping[str, Mapping[str, Any]]:
    target = folder / "databases" / name
    target.mkdir(parents=True)
    files: dict[str, Mapping[str, Any]] = {}
    for collection in await collections_of(base):
        if (name, collection) == FLEETING:
            continue
        path = target / f"{collection}.bson"
        count = await save_collection(base, collection, path)
        say(f"{name}.{collection}: {count}")
        files[f"{name}/{collection}"] = {"documents": count, "sha256": _digest(path)}
    return files


async def _save_objects(places: Places, folder: Path) -> tuple[int, list[str]]:
    """Fetch what the saved cases refer to; return how many, and what was erased meanwhile."""
    count, missing = 0, list[str]()
    async for names in _pages(folder):
        for first in range(0, len(names), AT_ONCE):
            some = names[first : first + AT_ONCE]
            had = await asyncio.gather(*(_save_object(places.media, n, folder) for n in some))
            count += sum(had)
            missing += [name for name, there in zip(some, had, strict=True) if not there]
    return count, missing


async def _save_object(media: MediaStore, name: str, folder: Path) -> bool:
    download = await media.fetch(name)
    if download is None:
        return False
    path = object_path(folder, name)
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    with path.open("wb") as file:
        async for chunk in download:
            await asyncio.to_thread(file.write, chunk)
    if path.stat().st_size != download.total_bytes:
        raise BackupError(f"{name} came short")
    return True


def object_path(folder: Path, name: str) -> Path:
    """Return where an object is kept in a backup.

    Raises:
        BackupError: the name would lead out of the folder.
    """
    root = (folder / "objects").resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise BackupError(f"{name!r} is no object's name")
    return path


async def _pages(folder: Path) -> AsyncGenerator[list[str]]:
    """Yield the names of the objects of the saved cases, a few hundred cases at a time."""
    path = folder / "databases" / CASES[0] / f"{CASES[1]}.bson"
    if not path.exists():
        return
    for page in read_pages(path, PAGE):
        yield [
            form["object"]
            for case in page
            for item in case.get("content", {}).get("media", ())
            for form in item["variants"].values()
        ]


async def restore(places: Places, folder: Path, say: Say) -> Mapping[str, Any]:
    """Restore a backup into empty databases; return its manifest.

    Raises:
        BackupError: it is not whole, or something is there already.
    """
    manifest = _manifest(folder)
    for name in places.names:
        if await collections_of(places.database(name)):
            raise BackupError(f"the database {name} is not empty: drop it first, or move it away")
    await _restore_objects(places, folder)
    say(f"objects: {manifest['objects']}")
    for key, what in manifest["files"].items():
        name, _, collection = key.partition("/")
        if (name, collection) in DERIVED:
            continue
        path = folder / "databases" / name / f"{collection}.bson"
        count = await load_collection(places.database(name), collection, path)
        if count != what["documents"]:
            raise BackupError(f"{path} holds {count} documents, not {what['documents']}")
        say(f"{key}: {count}")
    return manifest


def _manifest(folder: Path) -> Mapping[str, Any]:
    """Read a manifest, and check every file of the databases against it."""
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, ValueError) as error:
        raise BackupError(f"{folder} holds no whole backup: no {MANIFEST}") from error
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{folder} is of format {manifest.get('format')}, this reads {FORMAT}")
    for key, what in manifest["files"].items():
        name, _, collection = key.partition("/")
        path = folder / "databases" / name / f"{collection}.bson"
        if not path.exists() or _digest(path) != what["sha256"]:
            raise BackupError(f"{path} is not as it was saved")
    return manifest


async def _restore_objects(places: Places, folder: Path) -> None:
    """Put the objects first, each under its own type: no case may stand without its media."""
    await places.media.ensure_bucket()
    path = folder / "databases" / CASES[0] / f"{CASES[1]}.bson"
    if not path.exists():
        return
    for page in read_pages(path, PAGE):
        forms = [
            form
            for case in page
            for item in case.get("content", {}).get("media", ())
            for form in item["variants"].values()
        ]
        for first in range(0, len(forms), AT_ONCE):
            await asyncio.gather(
                *(_put(places.media, form, folder) for form in forms[first : first + AT_ONCE])
            )


async def _put(media: MediaStore, form: Mapping[str, Any], folder: Path) -> None:
    path = object_path(folder, form["object"])
    if path.exists():  # else it was erased while the backup was made, and the manifest says so
        await media.put(form["object"], path, form["media_type"])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
