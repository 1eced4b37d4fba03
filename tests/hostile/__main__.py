"""`python -m tests.hostile [--seed S] [--flips N] [--stack FILE]`: the corpus, and its table.

Without `--stack` a stack of its own is started on free ports and ended again.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from deploy import pages
from deploy.local import stack
from tests.hostile.run import run


def main() -> int:
    """Run the corpus; 1 when something failed that must not."""
    options = argparse.ArgumentParser(prog="python -m tests.hostile")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--flips", type=int, default=60, help="random damages of each file")
    options.add_argument("--stack", type=Path, help="stack.json of a stack that runs")
    chosen = options.parse_args()
    pages.build(_say)  # a shell is asked for, too, and one that is not built is 503
    if chosen.stack:
        return _run(json.loads(chosen.stack.read_text()), chosen)
    with stack.temporary(with_services=True, say=_say) as layout:
        return _run(json.loads(layout.stack_file.read_text()), chosen)


def _run(described: dict[str, Any], chosen: argparse.Namespace) -> int:
    _say(f"seed {chosen.seed}, {chosen.flips} random damages of each file")
    outcome = run(described, seed=chosen.seed, flips=chosen.flips, say=_say)
    _say(outcome.table())
    failed = outcome.failures or outcome.restarts or outcome.worker_deaths
    return 1 if failed or outcome.worker_peak_bytes > 300 * 10**6 else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
