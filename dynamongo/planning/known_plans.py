"""Known plans: those of reads that a model has had before, with other values.

`plan_templates` says what two reads have in common whose plans differ in nothing but their values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from dynamongo._support.dataclasses import replace
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import AnyCondition, conjuncts
from dynamongo.mapping.mapper import Mapper
from dynamongo.operations import MAX_BATCH_GET
from dynamongo.planning.plan import Plan
from dynamongo.planning.plan_templates import PlanTemplate, find_read_shape, make_template
from dynamongo.planning.planner import Planner, plan_read
from dynamongo.planning.read import Read

if TYPE_CHECKING:
    from dynamongo.planning import served_templates
    from dynamongo.planning.served_templates import ServedTemplate
else:  # few models have templates of keys
    served_templates = LazyModule("dynamongo.planning.served_templates")

_MAX_TEMPLATES: Final = 128
"""How many templates a model keeps, each of a few hundred bytes."""

_UNKNOWN: Final[Any] = object()

_Known: TypeAlias = "tuple[ServedTemplate, PlanTemplate]"  # in quotes, since most models need no such module
"""What is known about a read of a model whose keys have templates."""


def plan_for(mapper: Mapper[Any], read: Read, batch_get: int = MAX_BATCH_GET) -> Plan:
    """Return the plan of a read of a model; see `plan_read`, whose errors get the name of the model."""
    try:
        source = read.source
        # Most models have no kinds, which saves a call.
        parts = read.parts if read.kinds is not None or isinstance(source, tuple) else conjuncts(source)
        if (not parts and read.key_templates is None) or read.limit == 0 or read.segments is not None:
            plan = plan_read(read, batch_get)
        elif read.key_templates is not None:
            plan = _plan_by_members(mapper.plan_templates, read, parts, batch_get)
        else:
            plan = _plan_by_template(mapper.plan_templates, read, parts, batch_get)
    except ExpressionError as error:
        raise ExpressionError(f"{mapper.name}: {error}") from error
    rate = read.max_units_per_second
    return plan if rate is None else replace(plan, max_units_per_second=rate)


def _plan_by_template(templates: dict[Any, Any], read: Read, parts: tuple[AnyCondition, ...], batch_get: int) -> Plan:
    """Return the plan from the template of its shape, or plan the read and keep its template.

    Threads share the templates: each step is one operation of a dict, and the worst of a race is a plan made twice.
    """
    shape = find_read_shape(read, parts)
    if shape is None:
        return plan_read(read, batch_get)
    template: PlanTemplate | None = templates.get(shape, _UNKNOWN)
    is_known = template is not _UNKNOWN
    if is_known and template is not None and (filled := template.fill(read, parts, batch_get)) is not None:
        return filled
    plan = plan_read(read, batch_get)
    if not is_known:
        if len(templates) >= _MAX_TEMPLATES:
            templates.clear()  # a program has few shapes; one that makes ever new ones gains nothing by a better choice
        templates[shape] = make_template(read, parts, plan)
    return plan


def _plan_by_members(templates: dict[Any, Any], read: Read, parts: tuple[AnyCondition, ...], batch_get: int) -> Plan:
    """Do the same for a model whose keys have templates: fill in the conditions on keys first, and then the plan."""
    shape = None if isinstance(read.source, tuple) else find_read_shape(read, parts)
    known: _Known | None = templates.get(shape, _UNKNOWN)
    if known is not _UNKNOWN and known is not None and (filled := _fill(known, read, parts, batch_get)) is not None:
        return filled
    planner = Planner(read, batch_get)
    plan = planner.plan()
    if shape is not None and known is not None and plan.operations:
        if len(templates) >= _MAX_TEMPLATES:
            templates.clear()
        made = _make_known(planner.served, plan)
        if known is _UNKNOWN or made is not None:  # these values may say more of the keys than those before
            templates[shape] = made
    return plan


def _fill(known: _Known, read: Read, parts: tuple[AnyCondition, ...], batch_get: int) -> Plan | None:
    of_keys, of_plan = known
    served = of_keys.fill(parts)
    if served is None:
        return None
    return of_plan.fill(read, served, batch_get, tuple([parts[position] for position in of_keys.stated]))


def _make_known(read: Read, plan: Plan) -> _Known | None:
    """Return the templates of a plan, given the read with the conditions on keys that it was made for."""
    of_keys = None if read.served is None else served_templates.make_served_template(read.served)
    of_plan = None if of_keys is None else make_template(read, read.parts, plan)
    return None if of_keys is None or of_plan is None else (of_keys, of_plan)
