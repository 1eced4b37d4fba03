"""`./dev demo` on a whole stack: ten reports, and every hop of each."""

import io
from typing import Any

from rich.console import Console

from deploy.local.demo import Screen, run


async def test_all_reports_of_the_demo_go_all_the_way(stack: dict[str, Any]):
    shown = io.StringIO()

    code = await run(stack, Screen(Console(file=shown, highlight=False)))

    assert code == 0, shown.getvalue()
    assert "10 of 10 reports went all the way" in shown.getvalue()
