"""The compiled codec of a model: one generated function for each task, in place of a loop over the fields.

For each field they do the same as these lines, which `plain_codec` executes until the functions are compiled, after
some calls::

    build    values[name] = field.validate(given)               field.default where nothing was given,
                                                                field.missing_value() for None
    encode   item[name] = field.encode(field.validate(value))   left out if field.is_absent(value)
    decode   values[name] = field.decode(stored)                field.read_absent() for a missing attribute and for
                                                                NULL; a key attribute must be there
    read     as decode, from parsed DynamoDB JSON               None for an item that it leaves to decode

The fast path of a field (see `codec_fast_paths`) replaces these method calls for most values.
`print(User.__mapper__.codec.show())` prints the generated code.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import length_hint
from typing import TYPE_CHECKING, Any, NoReturn

from dynamongo._support.codegen import compile_later
from dynamongo._support.lazy import lazy_property
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import DynamongoError, Problem, ValidationError
from dynamongo.expressions.values import Item
from dynamongo.fields.base import Field
from dynamongo.mapping.codec import plain as plain_codec
from dynamongo.mapping.codec.keys import KeyCodec
from dynamongo.mapping.codec.plain import Values
from dynamongo.mapping.records import add_values, make_record, make_wire_record, set_record, set_values

if TYPE_CHECKING:
    from dynamongo.expressions import wire_values
    from dynamongo.mapping.codec import fast_paths as codec_fast_paths
    from dynamongo.mapping.codec import key_lines, wire_paths
    from dynamongo.mapping.codec import lines as codec_lines
    from dynamongo.mapping.codec import source as codec_source
    from dynamongo.mapping.codec.source import Source
    from dynamongo.mapping.rules.base import Rules
else:  # nothing is compiled before it was called some times, and what is read from memory is not in JSON
    codec_fast_paths = LazyModule("dynamongo.mapping.codec.fast_paths")
    codec_lines = LazyModule("dynamongo.mapping.codec.lines")
    codec_source = LazyModule("dynamongo.mapping.codec.source")
    key_lines = LazyModule("dynamongo.mapping.codec.key_lines")
    wire_paths = LazyModule("dynamongo.mapping.codec.wire_paths")
    wire_values = LazyModule("dynamongo.expressions.wire_values")


class Codec:
    """The compiled functions of a model.

    Args:
        model: The class.
        fields: Its fields by name.
        find_keys: Returns the key codec; raises `SchemaError` for an abstract model.
        index_keys: The names of the attributes that are keys of indexes.
        explain: Returns the error for an unreadable item, given what was found to be wrong, if that is known.
        rules: What the model does to its items beyond what the fields do.

    Attributes:
        known: The attributes that instances do not show as undeclared.
        completes: Whether a hook or another rule completes each instance of an item that was read.
    """

    def __init__(  # noqa: PLR0913 - what the functions are made of
        self,
        model: type[Any],
        fields: Mapping[str, Field[Any]],
        find_keys: Callable[[], KeyCodec],
        index_keys: Iterable[str],
        explain: Callable[[Item, tuple[Problem, ...] | None], ValidationError],
        *,
        rules: Rules | None = None,
    ) -> None:
        self._model = model
        self._fields = fields
        self._find_keys = find_keys
        self._attributes = {field.path.attribute: field for field in fields.values()}
        self.known: dict[str, object] = {**self._attributes}
        self._index_keys = [self._attributes[name] for name in index_keys]
        self._explain = explain
        self._rules = rules
        self._after_read = None if rules is None else rules.after_read
        self.completes = self._after_read is not None
        self._key_members = None if rules is None else rules.key_members

    @lazy_property
    def build(self) -> Callable[[Mapping[str, Any]], Values | None]:
        """The function from keyword arguments to the values of a new instance; `None` for an unknown name.

        It raises `ValidationError` for a value that does not suit its field.
        """
        plain = self._with_keys_first(functools.partial(plain_codec.build, self._fields))
        return compile_later(
            self, "build", plain, lambda: self._with_keys_first(codec_lines.write_build(self._fields).compile())
        )

    def _with_keys_first(
        self, build: Callable[[Mapping[str, Any]], Values | None]
    ) -> Callable[[Mapping[str, Any]], Values | None]:
        """Let what given keys tell take precedence over the defaults of their members."""
        members = self._key_members
        if members is None or not members.have_defaults:
            return build
        names = members.names
        return lambda given: build(given if names.isdisjoint(given) else members.read_given(given))

    @lazy_property
    def fill(self) -> Callable[[Any, Values], None]:
        """The function that gives a new instance the values that `build` returned."""
        fill = set_values if _has_own_constructor(self._model) else add_values
        after_build = None if self._rules is None else self._rules.after_build
        return fill if after_build is None else self._complete_by(after_build, fill)

    @staticmethod
    def _complete_by(
        after_build: Callable[[Any], None], fill: Callable[[Any, Values], None]
    ) -> Callable[[Any, Values], None]:
        def complete(instance: Any, values: Values) -> None:
            fill(instance, values)
            after_build(instance)

        return complete

    @lazy_property
    def encode(self) -> Callable[[Values, Item], Item]:
        """The function that encodes the values of an instance into an item, and returns the item.

        It raises `ValidationError` for a value that does not suit its field, and for a missing required one.
        """
        plain = functools.partial(plain_codec.encode, self._fields, self._find_keys(), self._index_keys)
        return compile_later(self, "encode", plain, lambda: self._write_encode().compile())

    @lazy_property
    def decode(self) -> Callable[[type[Any], Iterable[Item]], list[Any]]:
        """The function from items to instances of a class: the model, or one that is bound to another table.

        It raises `ValidationError` for an attribute that its field could not have stored, and for a missing key.
        """
        plain = self._decode_plainly
        return compile_later(self, "decode", plain, lambda: self._write_decode().compile(), _count_items)

    @lazy_property
    def read(self) -> Callable[[type[Any], wire_values.WireItem, str], Any] | None:
        """The function from the parsed JSON of an item, and its text, to an instance; `None` if it would call users.

        As for `decode`, the class of the instance comes first: bound to it as a method, the function reads items.

        It returns `None` for an item that only `decode` can read, or report, and until it is compiled, and calls no
        hook: while a response is read, no code of users may run, which might make another request. The instance
        keeps the text as what is stored, because a text is no work for the garbage collector, and few programs ask for
        it.
        """
        # A validator or a field of the user's own, or an own `__new__`. Hooks come later, in `partial_items.complete`.
        made_by: Any = self._model.__new__
        if made_by is not object.__new__ or not all(map(wire_paths.can_read_wire, self._fields.values())):
            return None
        return compile_later(self, "read", _leave_to_decode, lambda: self._write_read().compile())

    def reserve(self, attribute: str) -> None:
        """Keep the attribute out of what instances show as undeclared, and save, though no field is stored in it."""
        self.known[attribute] = None

    def reset(self) -> None:
        """Drop the compiled functions, after the constructor of the class or a rule of a field has changed."""
        for compiled in ("build", "fill", "encode", "decode", "read"):
            vars(self).pop(compiled, None)

    def show(self) -> str:
        """Return the generated code of the functions, for people."""
        sources = [codec_lines.write_build(self._fields), self._write_encode(), self._write_decode()]
        return "\n\n".join(map(str, sources if self.read is None else [*sources, self._write_read()]))

    def _decode_plainly(self, model: type[Any], items: Iterable[Item]) -> list[Any]:
        instances: list[Any] = []
        make: Any = self._model.__new__
        for item in items:
            try:
                held, told = (item, ()) if self._key_members is None else self._key_members.complete(item)
                values = plain_codec.decode(self._fields, held)
                instance = make(model)  # the constructor would validate what was just read
                set_values(instance, values)
                set_record(instance, make_record(item, self.known, told))
                if self._after_read is not None:
                    self._after_read(instance)
                instances.append(instance)
            except ValidationError as error:
                self._refuse(item, error)
        return instances

    def _refuse(self, item: Item, error: ValidationError) -> NoReturn:
        """Raise the error for an unreadable item, given that of a field, or that of a hook, which has a problem."""
        # The cause of the former may show what is stored.
        raise self._explain(item, error.problems or None) from (error.__cause__ if error.problems else None)

    def _write_encode(self) -> Source:
        source = codec_source.Source("encode", codec_fast_paths.NAMES)
        source.names.update(encode_by=plain_codec.validate_and_encode, refuse_missing=plain_codec.refuse_missing)
        lines = ["def encode(values, item):"]
        names = self._name_texts(source)
        stored = dict(zip(self._attributes, self._attribute_texts(source, names), strict=True))
        for name, text, field in zip(names, stored.values(), self._fields.values(), strict=True):
            if field.stored:
                lines += [f"    v = values[{name}]", *codec_lines.write_encode_field(text, field, source)]
        lines += codec_lines.write_encode_keys(
            self._find_keys(), stored, dict(zip(self._fields, names, strict=True)), source
        )
        for field in self._index_keys:  # an index key may be missing, but DynamoDB refuses empty ones
            refuse_empty, text = source.name("refuse_empty", field.refuse_empty), stored[field.path.attribute]
            lines += [f"    if not item.get({text}, True):", f"        {refuse_empty}(item[{text}])"]
        source.functions.append([*lines, "    return item"])
        return source

    def _write_count(self, source: Source) -> list[str]:
        """Return the lines that count the attributes of an item, without those that are reserved."""
        reserved = [f" - ({source.name_text(name)} in item)" for name in self.known if name not in self._attributes]
        return [f"get, count = item.get, len(item){''.join(reserved)}"]

    def _write_decode(self) -> Source:
        source = codec_source.Source("decode", codec_fast_paths.NAMES)
        source.names.update(
            ValidationError=ValidationError, refuse_keyless=plain_codec.refuse_keyless, fields=self.known
        )
        source.names.update(make_record=make_record, refuse=self._refuse)
        names = self._name_texts(source)
        # `count` is the number of attributes plus that of the fields without one. If it equals the number of fields,
        # the item has no undeclared attributes, and is itself the record of the instance.
        lines, had = self._write_count(source), set[str]()
        stored, told = self._attribute_texts(source, names), ""
        if self._key_members is not None:
            told = ", told"
            completion, had = key_lines.write_completion(self._key_members, self._variables, source)
            lines += ["told = ()", *completion]
        for number, (name, field) in enumerate(zip(stored, self._fields.values(), strict=True)):
            lines += [] if f"v{number}" in had else [f"v{number} = get({name})"]
            lines += codec_lines.write_decode_field(f"v{number}", field, source)
        lines += self._write_instance(names, source)
        lines += [f"note(instance, item if {_is_all(names, told)} else make_record(item, fields{told}))"]
        if self._after_read is not None:
            lines += [f"{source.name('after_read', self._after_read)}(instance)"]
        lines += ["add(instance)"]
        # One `try` for all items costs nothing for each; in the handler, `item` is the one that could not be read.
        head = ["def decode(cls, items):", "    instances = []", "    add = instances.append", "    try:"]
        loop = ["        for item in items:", *(f"            {line}" for line in lines)]
        tail = ["    except ValidationError as error:", "        refuse(item, error)"]
        source.functions.append([*head, *loop, *tail, "    return instances"])
        return source

    def _write_read(self) -> Source:
        source = codec_source.Source("read", {**codec_fast_paths.NAMES, **wire_paths.WIRE_NAMES})
        # What reading an unusual item may raise; `decode` then reads or reports it.
        unreadable = (*wire_values.DECODING_ERRORS, DynamongoError, RecursionError)
        source.names.update(make_record=make_wire_record, fields=self.known, UNREADABLE=unreadable)
        names = self._name_texts(source)
        lines = self._write_count(source)  # `count` is that of `decode`
        stored = self._attribute_texts(source, names)
        for number, (name, field) in enumerate(zip(stored, self._fields.values(), strict=True)):
            lines += wire_paths.write_read_field(
                f"v{number}", name, field, codec_lines.write_absent(field, source), source
            )
        told = ""
        if self._key_members is not None:
            told = ", told"
            lines += key_lines.write_comparison(self._key_members, self._variables, source)
        lines += [f"record = text if {_is_all(names, told)} else make_record(item, fields, text{told})"]
        lines += [*self._write_instance(names, source), "note(instance, record)"]
        head, tail = (
            [f"def read(cls, item, text{told and ', told=None'}):", "    try:"],
            ["    except UNREADABLE:", "        return None"],
        )
        source.functions.append([*head, *(f"        {line}" for line in lines), *tail, "    return instance"])
        return source

    def _write_instance(self, names: Sequence[str], source: Source) -> list[str]:
        """Return the lines that make an instance of the values that were read."""
        source.names.update(make=self._model.__new__, fill=set_values, note=set_record)
        # `__new__` alone: the constructor would validate what was just read.
        return ["instance = make(cls)", "fill(instance, {", *codec_lines.write_members(names), "})"]

    @property
    def _variables(self) -> dict[str, str]:
        """The variables of the fields by the names of their attributes."""
        return {attribute: f"v{number}" for number, attribute in enumerate(self._attributes)}

    def _name_texts(self, source: Source) -> list[str]:
        return [source.name_text(name) for name in self._fields]

    def _attribute_texts(self, source: Source, names: Iterable[str]) -> list[str]:
        """Return the literals of the names in which the fields are stored, given those of their own names."""
        return [
            source.name_text(field.stored_as) if field.stored_as else name
            for name, field in zip(names, self._fields.values(), strict=True)
        ]


def _count_items(_: type[Any], items: Iterable[Item]) -> int:
    return length_hint(items)


def _leave_to_decode(model: type[Any], wire: wire_values.WireItem, text: str) -> None:
    """Leave an item to `decode`, which reads the first few in less time than it takes to compile `read`."""


def _has_own_constructor(model: type[Any]) -> bool:
    """Return whether the class has the constructor of `Model`, which sets nothing before the values.

    `Model` is the last class in the method resolution order that has both a mapper and a constructor.
    """
    models = [base for base in model.__mro__ if "__mapper__" in vars(base)]
    constructors = [vars(base)["__init__"] for base in models if "__init__" in vars(base)]
    made_by: Any = model.__new__
    return model.__init__ is constructors[-1] and made_by is object.__new__


def _is_all(names: Sequence[str], told: str) -> str:
    """Return the test that an item has the attributes of all fields, and no others."""
    return f"count == {len(names)}{' and not told' if told else ''}"
