"""`./dev pages`: builds what people see in a browser. Needs node; nothing else of ours does."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.local.layout import ROOT

BUILD = "shared/web/build/build.mjs"
SOURCES = ("shared/web", "services/intake/web", "services/notify/web")
STAMP = ROOT / ".local" / "pages.stamp"
INSTALLED = ROOT / "node_modules" / ".installed"

Say = Callable[[str], None]


class PagesError(Exception):
    """The pages could not be built; the text says why."""


def available() -> bool:
    """Say whether node and npm are here."""
    return bool(shutil.which("node") and shutil.which("npm"))


def build(say: Say) -> bool:
    """Build the pages if their sources changed; False when there is no node.

    Raises:
        PagesError: npm or the build failed; what they said is in the text.
    """
    if not available():
        return False
    stamp = _digest()
    if _built() and STAMP.exists() and STAMP.read_text() == stamp:
        return True
    packages(say)
    say("building the pages")
    say(_run("node", BUILD).strip())
    STAMP.parent.mkdir(parents=True, exist_ok=True)
    STAMP.write_text(stamp)
    return True


def packages(say: Say) -> None:
    """Bring what package-lock.json names into node_modules; nothing when it is there.

    Raises:
        PagesError: npm failed.
    """
    wanted = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    if INSTALLED.exists() and INSTALLED.read_text() == wanted:
        return
    say("installing the packages of package-lock.json into node_modules")
    # no package runs a script of its own here: esbuild brings its program as a package
    _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    INSTALLED.write_text(wanted)


def _built() -> bool:
    return all((ROOT / each).with_name("static").is_dir() for each in SOURCES[1:])


def _digest() -> str:
    digest = hashlib.sha256()
    for file in sorted(_files()):
        digest.update(str(file.relative_to(ROOT)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _files() -> list[Path]:
    found = [ROOT / "package-lock.json", ROOT / "tsconfig.json"]
    for folder in SOURCES:
        found += [each for each in (ROOT / folder).rglob("*") if each.is_file()]
    return found


def _run(*command: str) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PagesError(f"{' '.join(command)} failed:\n{done.stdout.rstrip()}")
    return done.stdout


def main() -> int:
    """Build, and say what was built."""
    try:
        if not build(lambda line: print(line, flush=True)):
            print("./dev pages: node and npm are needed (20 or later)", file=sys.stderr)
            return 1
    except PagesError as error:
        print(f"./dev pages: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
