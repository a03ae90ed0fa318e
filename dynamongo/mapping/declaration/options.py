"""Options: what a model class says about itself and its table, such as `__table__` and `__billing__`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, Protocol, TypeAlias, cast, get_args

from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import shorten
from dynamongo.schema import StreamView, TableClass, TableSettings, Throughput

if TYPE_CHECKING:

    class TableNamer(Protocol):
        """A callable that returns the name of a table. As `Callable[[], str]` it would be a method of the class."""

        def __call__(self) -> str:
            """Return the name, without its prefix."""
            ...

else:  # a Protocol takes long to make
    TableNamer = Callable[[], str]


Billing: TypeAlias = Literal["provisioned", "on_demand"]
ScanPolicy: TypeAlias = Literal["warn", "forbid", "allow"]
"""What happens when a plan is a full scan: warn once per call site, raise, or nothing."""

_KEYS_OF_AWS: Final = ("aws_owned", "aws_managed")

SCAN_POLICIES: tuple[ScanPolicy, ...] = get_args(ScanPolicy)

OPTIONS = (
    "__table__",
    "__hash_key__",
    "__range_key__",
    "__read_units__",
    "__write_units__",
    "__billing__",
    "__connection__",
    "__scans__",
    "__ttl__",
    "__tags__",
    "__stream__",
    "__table_class__",
    "__encryption__",
    "__point_in_time_recovery__",
    "__deletion_protection__",
    "__kind__",
    "__kind_field__",
    "__unique__",
    "__abstract__",
)
"""The options that a model may set."""


class _Empty:
    """A class that sets nothing, and so has only what Python gives to every class."""


# Besides, what annotations leave behind in Python 3.14, and type parameters as in `Model[str]`.
_OF_GENERICS = ("__annotate_func__", "__annotations_cache__", "__key_type__", "__orig_bases__", "__parameters__")
_OF_EVERY_CLASS: Final = frozenset([*vars(_Empty), *vars(type), *_OF_GENERICS])


def table_of(model: type) -> object:
    """Return what names the table of a class: of a `classmethod` the function, which is the same for all classes."""
    table = getattr(model, "__table__", None)
    return getattr(table, "__func__", table)


def check_spelling(model: type, names: Iterable[str]) -> None:
    """Refuse `__rangekey__` and similar slips, which would silently leave an option at its default."""
    for name in names:
        # Names that `type` has, such as `__annotations__`, are Python's own, too. It denies `__abstractmethods__`.
        is_own = name in OPTIONS or name in _OF_EVERY_CLASS or hasattr(type, name)
        if name.startswith("__") and not is_own:
            import difflib  # noqa: PLC0415 - only an error needs it

            for option in difflib.get_close_matches(name, OPTIONS, n=1, cutoff=0.75):
                refuse(model, name, f"is unknown; did you mean {option}?")


def check_options(model: type) -> None:
    """Refuse invalid values of options; those that refer to fields are checked with the fields."""
    _check_choice(model, "__scans__", SCAN_POLICIES)
    tags = getattr(model, "__tags__", None)
    if tags is not None and not _are_tags(tags):
        refuse(model, "__tags__", f"must be a dict of str to str; got {shorten(tags)}")
    _check_choice(model, "__stream__", get_args(StreamView))
    _check_settings(model)


def find_settings(model: type) -> TableSettings:
    """Return the table class, the encryption and the deletion protection that the model declares."""
    names = ("__table_class__", "__encryption__", "__deletion_protection__")
    return TableSettings(*[getattr(model, name, None) for name in names])


def find_throughput(model: type) -> Throughput | None:
    """Return the provisioned throughput of the table; `None` if it is billed on demand."""
    billing = getattr(model, "__billing__", "provisioned")
    if billing not in get_args(Billing):
        refuse(model, "__billing__", f"must be one of {', '.join(get_args(Billing))}; got {shorten(billing)}")
    units = [check_units(model, name, getattr(model, name, 8)) for name in ("__read_units__", "__write_units__")]
    return None if billing == "on_demand" else Throughput(*units)


def check_units(model: type, attribute: str, units: object) -> int:
    """Return the capacity units; raise `SchemaError` unless they are a positive int."""
    if type(units) is not int or units < 1:
        refuse(model, attribute, f"must be a positive int, in capacity units per second; got {shorten(units)}")
    return units


def refuse(model: type, attribute: str, expected: str) -> NoReturn:
    """Raise the `SchemaError` for one attribute of a class."""
    raise SchemaError(f"{model.__name__}.{attribute} {expected}")


def _check_settings(model: type) -> None:
    _check_choice(model, "__table_class__", get_args(TableClass))
    settings = find_settings(model)
    if settings.deletion_protection not in (None, True, False) or type(settings.deletion_protection) is int:
        refuse(model, "__deletion_protection__", f"must be True or False; got {shorten(settings.deletion_protection)}")
    if settings.encryption is not None:
        _check_encryption(model, settings.encryption)
    recovery = getattr(model, "__point_in_time_recovery__", None)
    if not (recovery is None or type(recovery) is bool or (type(recovery) is int and 1 <= recovery <= 35)):
        # Source of the limits: "RecoveryPeriodInDays" in the DynamoDB API reference.
        expected = "must be True, False or an int from 1 to 35, in days"
        refuse(model, "__point_in_time_recovery__", f"{expected}; got {shorten(recovery)}")


def _check_encryption(model: type, encryption: object) -> None:
    # Ids are hexadecimal, or begin with `mrk-`: one that begins with "aws" is a word that was misspelled.
    is_misspelled = isinstance(encryption, str) and encryption.lower().startswith("aws")
    if not isinstance(encryption, str) or not encryption or (is_misspelled and encryption not in _KEYS_OF_AWS):
        expected = "must be 'aws_owned', 'aws_managed', or the id or ARN of a key of AWS KMS"
        refuse(model, "__encryption__", f"{expected}; got {shorten(encryption)}")
    if ":alias/" in encryption or encryption.startswith("alias/"):
        # So that `compare_table` would never find them equal.
        reason = "DynamoDB describes a table with the ARN of its key, which cannot be compared with an alias"
        refuse(model, "__encryption__", f"must be the id or ARN of a key; got {shorten(encryption)}: {reason}")


def _check_choice(model: type, option: str, choices: tuple[str, ...]) -> None:
    value = getattr(model, option, None)
    if value is not None and value not in choices:
        refuse(model, option, f"must be one of {', '.join(choices)}; got {shorten(value)}")


def _are_tags(tags: object) -> bool:
    if not isinstance(tags, Mapping):
        return False
    pairs = cast("Mapping[Any, Any]", tags).items()
    return all(isinstance(key, str) and isinstance(value, str) for key, value in pairs)
