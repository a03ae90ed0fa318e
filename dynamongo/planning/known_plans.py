"""Known plans: those of reads that a model has had before, with other values.

`plan_templates` says what two reads have in common whose plans differ in nothing but their values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from dynamongo._support.dataclasses import replace
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import Condition, conjuncts
from dynamongo.mapping.mapper import Mapper
from dynamongo.operations import MAX_BATCH_GET
from dynamongo.planning.plan import Plan
from dynamongo.planning.plan_templates import PlanTemplate, find_read_shape, make_template
from dynamongo.planning.planner import Planner, plan_read
from dynamongo.planning.read import Read
from dynamongo.schema import KeySchema

if TYPE_CHECKING:
    from dynamongo.mapping.composed_keys import ComposedKeys
    from dynamongo.planning import members
else:  # most models have no templated keys
    members = LazyModule("dynamongo.planning.members")

_MAX_TEMPLATES: Final = 128
"""How many templates a model keeps, each of a few hundred bytes."""

_UNKNOWN: Final[Any] = object()


def plan_for(mapper: Mapper[Any], read: Read, batch_get: int = MAX_BATCH_GET) -> Plan:
    """Return the plan of a read of a model; see `plan_read`, whose errors get the name of the model."""
    try:
        source = read.source
        # Most models have no kinds, which saves a call.
        parts = read.parts if read.kinds is not None or isinstance(source, tuple) else conjuncts(source)
        if (not parts and read.templates is None) or read.limit == 0 or read.segments is not None:
            plan = plan_read(read, batch_get)
        elif read.templates is not None:
            plan = _plan_by_members(mapper.plan_templates, read, parts, batch_get)
        else:
            plan = _plan_by_template(mapper.plan_templates, read, parts, batch_get)
    except ExpressionError as error:
        raise ExpressionError(f"{mapper.name}: {error}") from error
    rate = read.max_units_per_second
    return plan if rate is None else replace(plan, max_units_per_second=rate)


def _plan_by_template(templates: dict[Any, Any], read: Read, parts: tuple[Condition, ...], batch_get: int) -> Plan:
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


def _plan_by_members(templates: dict[Any, Any], read: Read, parts: tuple[Condition, ...], batch_get: int) -> Plan:
    """Do the same for a model with templated keys: the conditions on these depend on values, and so does their shape.

    What is kept for the shape of the read is whose keys serve it, and the templates of the plans with these keys.
    """
    shape = None if isinstance(read.source, tuple) else find_read_shape(read, parts)
    known: tuple[KeySchema, dict[Any, PlanTemplate]] | None = templates.get(shape)
    if known is not None:
        keys, by_shape = known
        served = members.serve(cast("ComposedKeys", read.templates), keys, parts)
        template = by_shape.get(find_read_shape(read, served.parts))
        if template is not None:
            filled = template.fill(read, served.parts, batch_get, served.stated)
            if filled is not None:
                return filled
    planner = Planner(read, batch_get)
    plan, found = planner.plan(), planner.served
    inner = None if shape is None else find_read_shape(read, found.parts)
    template = None if inner is None else make_template(found, found.parts, plan)
    if template is not None:
        if len(templates) >= _MAX_TEMPLATES:
            templates.clear()
        index = next((each for each in read.table.indexes if each.name == plan.index), read.table)
        keys, by_shape = templates.setdefault(shape, (index.keys, {}))
        if keys == index.keys and len(by_shape) < _MAX_TEMPLATES:
            by_shape[inner] = template
    return plan
