"""Bugs in the memory backend."""

from mutation.library import Mutant

MUTANTS = [
    # What is taken in: depth, sizes, numbers and names; and that nothing is shared with who gave it.
    Mutant("33 levels are allowed", "_check_depth", "_f(value, MAX_DEPTH)", "_f(value, MAX_DEPTH + 1)"),
    Mutant(
        "the walk goes 33 levels deep", "take_item", "_f(canonical, MAX_DEPTH, _t)", "_f(canonical, MAX_DEPTH + 1, _t)"
    ),
    Mutant("an item may have 409,601 bytes", "take_item", "size > MAX_ITEM_BYTES", "size > MAX_ITEM_BYTES + 1"),
    Mutant("an item counts as a map", "take_item", "len(canonical)", "0"),
    Mutant("the walk takes numbers as they are", "_measure_decimal", "not _c(text)", "False"),
    Mutant("the walk takes ints of any size", "_measure_int", "not LEAST_INT < value < MOST_INT", "False"),
    Mutant("the walk takes names without letters", "_take_members", "'' in members", "False"),
    Mutant("the walk takes names of any length", "_measure_texts", "size > MAX_NAME_BYTES", "False"),
    Mutant("the walk takes sets of anything", "_measure_set", "kinds and kinds <= {int, Decimal}", "True"),
    Mutant(
        "lists are shared with who sent them",
        "_take_elements",
        "elements[place] = inner = value.copy()",
        "elements[place] = inner = value",
    ),
    Mutant(
        "maps are shared with who sent them",
        "_take_members",
        "members[name] = copied = value.copy()",
        "members[name] = copied = value",
    ),
    Mutant("an attribute that is removed still counts", "measure_changed", "0 if name in item else _s", "0"),
    # Updates.
    Mutant(
        "updates read the new item",
        "apply_updates",
        "evaluate_update(update, item)",
        "evaluate_update(update, changed)",
    ),
    Mutant("SET beyond the end is lost", "_change_elements", "changed.append(_v)", "_v"),
    Mutant(
        "elements are removed one after the other",
        "_change_elements",
        "changed[position] = _v",
        "value = _v\n"
        "if value is not MISSING:\n"
        "    changed[position] = value\n"
        "else:\n"
        "    changed.pop(min(position, len(changed) - 1))",
    ),
    Mutant(
        "increment starts from 0",
        "evaluate_update",
        "_add_number(_require_present(present), update.amount)",
        "_add_number(0 if present is MISSING else present, update.amount)",
    ),
    Mutant("an emptied set stays", "_subtract_set", "_s or MISSING", "_s"),
    Mutant(
        "SET makes missing parents",
        "_change_inside",
        "raise InvalidRequestError(_m)",
        "return _change_members({}, changes)",
    ),
    Mutant(
        "if_not_exists takes NULL for nothing",
        "evaluate_update",
        "update.if_not_exists and present is not MISSING",
        "update.if_not_exists and present not in (MISSING, None)",
    ),
    Mutant(
        "prepend puts elements at the end",
        "_append",
        "_a if at_start else _b",
        "_b if at_start else _a",
    ),
    Mutant("updates edit the stored item", "apply_updates", "dict(item)", "item"),
    Mutant("updates edit a stored map", "_change_members", "dict(members)", "members"),
    # Pages, ranges and order.
    Mutant(
        "the limit counts what passes the filter",
        "read_page",
        "_take_page(entries, operation.limit)",
        "_take_page(entries if operation.filter is None else "
        "[each for each in entries if compile_filter(operation.filter)([each.item])], operation.limit)",
    ),
    Mutant(
        "no cursor at the exact end",
        "read_page",
        "_c if is_cut else None",
        "_c if is_cut and next(iter(entries), None) else None",
    ),
    Mutant(
        "the crossing item is left out of the page",
        "_take_page",
        "return read, size, True",
        "return read[:-1] or read, size, True",
    ),
    Mutant(
        "a page starts with its cursor's item again",
        "Interval.after",
        "Boundary(value, is_after=True)",
        "Boundary(value)",
    ),
    Mutant(
        "numbers are sorted as text",
        "Order.__init__",
        "sorted(values)",
        "sorted(values, key=lambda value: str(value) if isinstance(value, int) else value)",
    ),
    Mutant(
        "descending reads from the start", "Order.select", "reversed(selected) if descending else selected", "selected"
    ),
    Mutant(
        "all are read from the start when descending",
        "Order.select",
        "reversed(values) if descending else values",
        "values",
    ),
    Mutant(
        "many are read from the start when descending",
        "Order.select",
        "_v(*ends, inclusive=inclusive, reverse=descending)",
        "_v(*ends, inclusive=inclusive)",
    ),
    Mutant("a bound of many is left out", "Order.select", "high is None or high.is_after", "True"),
    Mutant(
        "an order misses what is written after it was read",
        "Order.add",
        "insort(self._values, value)",
        "self._values.append(value)",
    ),
    Mutant(
        "an order keeps what is deleted after it was read",
        "Order.remove",
        "del self._values[bisect_left(self._values, value)]",
        "pass",
    ),
    Mutant("copies share an order", "Order.copy", "self._values.copy()", "self._values"),
    Mutant("a scan misses partitions that came after the first", "View._note", "self._order.add(_t)", "None"),
    Mutant("`<=` on a range key excludes", "_interval_of", "operator != LT", "operator == EQ"),
    Mutant("`>` on a range key includes", "_interval_of", "operator == GT", "False"),
    Mutant("begins_with ends too early", "_after_prefix", "chr(ord(_c) + 1)", "_c + chr(0)"),
    Mutant(
        "an index keeps items that lost its key",
        "View.replace",
        "if before is not None:\n    units += _u",
        "if before is not None and after is not None:\n    units += _u",
    ),
    Mutant(
        "an index holds items without its range key",
        "make_locator.locate_ranged",
        "is_usual_range(item.get(range_name))",
        "(range_name not in item or is_usual_range(item[range_name]))",
    ),
    Mutant(
        "an index holds items without one of several key attributes",
        "_make_long_locator.locate_all",
        "not is_usual(item.get(name))",
        "not is_usual(item.get(name)) and name in item",
    ),
    Mutant(
        "attributes of a long key are usual one by one",
        "_make_usual_test",
        "_USUAL_LENGTH // share",
        "_USUAL_LENGTH",
    ),
    Mutant(
        "a bound on a later range attribute leaves that of the first",
        "_interval_of",
        "view.boundary_at(fixed, is_after=True)",
        "None",
    ),
    Mutant(
        "a range attribute before the last takes any condition",
        "_find_fixed",
        "found is None or not is_equality(found[0])",
        "found is None",
    ),
    # Keys, conditions of writes, batches, transactions, cost.
    Mutant("an empty key is stored", "check_key_values", "_empty_kind(_v)", "_empty_kind(None)"),
    Mutant(
        "a hash key is measured in characters",
        "_size_together",
        "value_size(values[part.name])",
        "len(str(values[part.name]))",
    ),
    Mutant("an empty key is usual", "_is_usual_text", "0 < len(value) <= _u", "0 <= len(value) <= _u"),
    Mutant("any key is usual", "_is_usual_text", "0 < len(value) <= _u", "0 < len(value)"),
    Mutant(
        "a key of another table is usual",
        "MemoryTable.locate_usual_key",
        "len(key) == self._key_length",
        "key",
    ),
    Mutant(
        "index keys are usual",
        "MemoryTable.check_index_keys",
        "not self._has_usual_index_keys(item)",
        "False",
    ),
    Mutant("a batch takes an item twice", "batch_write", "check_distinct(_p)", "None"),
    Mutant(
        "a write costs as the new item alone",
        "MemoryTable.replace",
        "new if old is None or (new is not None and new.size > old.size) else old",
        "new",
    ),
    Mutant("a request changes several settings", "_check_single", "len(given) > 1", "False"),
    Mutant(
        "a setting that is not mentioned is reset",
        "complete_settings",
        "old.deletion_protection if protection is None else protection",
        "bool(protection)",
    ),
    Mutant("a transaction costs once", "_execute_all", "2 * units", "units"),
    Mutant(
        "a condition of any size is light", "check_condition", "_weigh(condition) > _l", "_weigh(condition) >= _HEAVY"
    ),
    Mutant(
        "any update is plain",
        "_is_plain_update",
        "not isinstance(update.value, Size) and _is_plain_operand(update.value)",
        "True",
    ),
    Mutant(
        "a transaction stops at its first reason",
        "_call_all",
        "outcomes = [_a for table, part in _z]",
        "outcomes = []\n"
        "for table, part in _z:\n"
        "    failed = any(isinstance(each, CancellationReason) for each in outcomes)\n"
        "    outcomes.append(CancellationReason() if failed else _a)",
    ),
]
