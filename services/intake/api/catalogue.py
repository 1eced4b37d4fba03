"""The regulation as data: what people can report, under which limit, and who answers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from services.intake.shelf import Shelf
from shared.compressed import CompressedAnswers
from shared.regulation import Category, Unit
from shared.vocabulary import Anonymity, CategoryId


def create_router(shelf: Shelf, clock: Callable[[], datetime]) -> APIRouter:
    """Return the routes that describe the regulation; anybody may read them."""
    router = APIRouter(tags=["Catalogue"], route_class=CompressedAnswers)

    @router.get("/categories", summary="Categories, limits, leaders, evidence duties")
    async def categories() -> dict[str, Any]:
        """List the categories in the regulation's order, with its words and limits."""
        rules = shelf.now(clock())
        regulation, on = rules.regulation, rules.local_day(clock())
        return {
            "items": [
                {**_category(each), "lead": regulation.lead(CategoryId(each.id), on)}
                for each in regulation.categories
            ],
            "next": None,
            "regulation": f"{regulation.id}@{regulation.version}",
            "terms": regulation.terms.model_dump(mode="json"),
            "visibility": {
                each.value: regulation.visibility.of(each).model_dump(mode="json")
                for each in Anonymity
            },
        }

    @router.get("/units", summary="Handling bodies")
    async def units() -> dict[str, Any]:
        """List the units that exist today."""
        rules = shelf.now(clock())
        regulation, on = rules.regulation, rules.local_day(clock())
        return {"items": [_unit(each) for each in regulation.units_on(on)], "next": None}

    @router.get("/areas", summary="Wards and communes")
    async def areas() -> dict[str, Any]:
        """List the areas that exist today; `centre` places a pin and decides nothing."""
        rules = shelf.now(clock())
        regulation, on = rules.regulation, rules.local_day(clock())
        return {
            "items": [
                each.model_dump(mode="json", include={"id", "code", "name", "centre"})
                for each in regulation.areas_on(on)
            ],
            "next": None,
        }

    return router


def _category(category: Category) -> dict[str, Any]:
    plain = category.model_dump(
        mode="json",
        include={"id", "name", "quote", "limit_hours", "clock", "icon", "evidence", "identity"},
    )
    plain["aliases"] = list(category.aliases)
    plain["emergency"] = list(category.emergency)
    plain["sub_categories"] = [
        each.model_dump(mode="json", include={"id", "name", "aliases"})
        for each in category.sub_categories
    ]
    plain["keywords"] = list(category.all_keywords())
    return plain


def _unit(unit: Unit) -> dict[str, Any]:
    return unit.model_dump(
        mode="json",
        include={"id", "kind", "name", "short", "area", "address", "phone", "location"},
    )
