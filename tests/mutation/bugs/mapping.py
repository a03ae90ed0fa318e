"""Bugs in the codecs that are compiled for a model."""

from mutation.library import Mutant

MUTANTS = [
    # What the code that stands for a field takes as it is.
    Mutant("an inlined int may have any size", "_int", 'f"canonical_number({_v}) is not None"', '"True"'),
    Mutant("inlined text may have lone surrogates", "_text", 'f"{_v}.isascii() or has_utf8_form({_v})"', '"True"'),
    Mutant("a member's empty set is stored", "_set", '_t and f"{_v} and {_t}"', "_t"),
    Mutant("a member may be missing", "define_map", "_c or member.required or _r", "_c or _r"),
    Mutant("a member may be unknown", "define_map", '" if len(taken) == len(v) else None"', '""'),
    Mutant("a map that is read may gain defaults", "define_map", 'source.task != "encode"', 'source.task == "build"'),
    Mutant("members that were not shown are dropped", "_refuse_map", '"v._undeclared if"', '"False if"'),
    Mutant("a map gains no defaults", "_refuse_map", "any(_g)", "False"),
    Mutant("an inlined bound includes more", "_bounds", 'f"{_v} <= {_h}"', 'f"{_v} < 1 + {_h}"'),
    Mutant("a validator is not called", "make_fast_path", "field.validator is not None", "False"),
    Mutant("choices are not checked", "make_fast_path", "field.choices is not None", "False"),
    Mutant("a time zone is not required", "list_zones", 'field.tzd in ("allow", "reject")', 'field.tzd != "utc"'),
    Mutant("a key is not read as it would be written", "_enum", "not field.is_key", "True"),
    Mutant(
        "a new instance keeps the list that it was given",
        "_list",
        "FastPath(_t, _r)",
        'FastPath(_t, v if source.task == "build" else _r)',
    ),
    # Formats of other programs.
    Mutant("an inlined datetime is finer than its format", "_write_fit", "field.quantum > 1", "False"),
    Mutant(
        "a key is read in another format", "_write_decoding", "field.is_checked or field.is_key", "field.is_checked"
    ),
    Mutant(
        "a bound between two texts is the first", "DateTimeField._encode_formatted_bound", 'f"{encoded}~"', "encoded"
    ),
    Mutant("a range key does not sort", "Keyed.check_key", "is_range and self.unsorted", "False"),
    Mutant("a bound of what does not sort", "Updatable.encode_bound", "if self.unsorted:\n    _s", "if False:\n    _s"),
    Mutant("a format loses a part of the date", "make_pattern", "not all(_g)", "False"),
    Mutant("text for a number is not read again", "is_canonical", "format_number(number) == text", "True"),
    # What a save keeps, and what a read leaves out.
    Mutant(
        "an unchanged value takes its field's form", "keep_form", "is_same(own, _write_again(field, stored))", "False"
    ),
    Mutant("a NULL is dropped by a save", "make_record", "undeclared or nulls or told", "undeclared or told"),
    Mutant(
        "a NULL that came as JSON is dropped", "make_wire_record", "undeclared or nulls or told", "undeclared or told"
    ),
    Mutant("a default that was read is not stored", "keep_form", "fills and field.has_read_rule and _a", "False"),
    Mutant("a limit counts what is left out", "make_sift.sift", "len(readable) != room", "seen != room"),
    Mutant("an item has one problem at most", "_find_parts", "yield from found", "yield found[0]"),
    # The functions that are made of it.
    Mutant(
        "a default is used for None",
        "write_build_field",
        '[f"    elif {_v} is None:", f"        {_v} = {missing}"]',
        '[f"    elif {_v} is None:", f"        {_v} = {_write_default(field, field_name, missing, source)}"]',
    ),
    Mutant(
        "a constructor takes unknown names",
        "write_build",
        '"if len(given) + absent !="',
        '"if len(given) + absent <"',
    ),
    Mutant("a codec drops what is not declared", "_is_all", '"count =="', '"count >="'),
    Mutant("a codec stores empty keys", "write_encode_keys", 'f"if not ({_t}):"', '"if False:"'),
    Mutant(
        "a codec stores empty keys of indexes",
        "Codec._write_encode",
        'f"if not item.get({_n}, True):"',
        '"if False:"',
    ),
    Mutant(
        "an item without its key is whole",
        "write_decode_field",
        "if field.is_key:\n    absent = _a",
        "if False:\n    absent = _a",
    ),
    # The mapper.
    Mutant("a mapper saves what was read in part", "Mapper.encode", "record.loaded is None", "True"),
    Mutant("a mapper checks no version", "Mapper.lock_of", "lock(version, getattr(instance, version.name))", "None"),
    Mutant(
        "a mapper takes over no record",
        "Mapper.take_over",
        "set_record(instance, other.__record__)",
        "other.__record__",
    ),
    Mutant("a mapper knows one table name alone", "ModelSchema.schema", "schema.name != table", "False"),
    Mutant(
        "a mapper finds an index by its attribute alone",
        "ModelSchema.resolve_index",
        "index in (name, known.name)",
        "index == name",
    ),
    Mutant("a saved change is sent again", "Mapper.note_saved", "set_record(instance, item)", "item"),
    Mutant(
        "the second save of an instance stores other forms",
        "Mapper.note_saved",
        "record is None or type(record) is tuple",
        "type(record) is not Record",
    ),
    # Hooks and validators.
    Mutant("a save calls no hook", "make_put", "is_save", "False"),
    Mutant("a migration calls no hook", "make_rewrite", "updates and rules is not None", "False"),
    Mutant("a delete calls no hook", "make_delete", "mapper.rules is not None or item is not None", "False"),
    Mutant(
        "an instance is deleted by its key",
        "_call_before_delete",
        "item if is_known else mapper.decode_key(target.key)",
        "mapper.decode_key(target.key)",
    ),
    Mutant(
        "a read in part calls no hook",
        "read_partial",
        "complete(decode_partial(mapper, item, loaded))",
        "decode_partial(mapper, item, loaded)",
    ),
    Mutant("an item that was read from JSON calls no hook", "complete", "mapper.rules is not None", "False"),
    Mutant("an update ignores a hook", "_OnSave.check_update", "hook is not None", "False"),
    Mutant(
        "a validator judges what is wrong by itself",
        "Validators._refuse",
        "wrong and not (about and wrong.isdisjoint(about))",
        "False",
    ),
    Mutant("a bug in a validator is a problem", "is_refusal", "isinstance(error, ValueError)", "True"),
    Mutant("an override bypasses a hook", "find_hooks", "reversed(model.__mro__)", "(model,)"),
    # Kinds of items in one table.
    Mutant("a read finds items of every kind", "Read.kind", "self.kinds.condition", "None"),
    Mutant("a write by key deletes items of every kind", "guard_kind", "guard is None", "True"),
    Mutant("an update changes items of every kind", "_change_item", "kinds.condition", "None"),
    Mutant("an upsert stores no kind", "_change_item", "kinds.add_to(updates)", "updates"),
    Mutant("a kind that others wrote is lost by a save", "KindMapper.encode", "len(kinds.own) > 1", "False"),
    Mutant(
        "a base reads instances of itself", "Kinds.add", "self._models.update(dict.fromkeys(values, model))", "None"
    ),
    Mutant("a projection leaves out the kind", "Planner._find_class_path", "(kinds.path,) if can_read else ()", "()"),
    Mutant("an update makes an item of another kind", "Kinds.check_update", "update.value not in self.own", "False"),
    Mutant("models of several tables are read together", "_check", "model.table_name() != first.table_name()", "False"),
]
