"""Bugs in the forms of an item: JSON and its schema, DynamoDB JSON, and documents."""

from mutation.library import Mutant

MUTANTS = [
    Mutant("a whole number in JSON is refused", "IntField.from_json", "as_whole(value)", "value"),
    Mutant("a date in JSON is read by its format", "DateField.from_json", "_parse_date", "self.convert"),
    Mutant("a set in JSON has no order", "SetField.to_json", "sorted(value, key=_k)", "list(value)"),
    Mutant("a member of a custom field goes unchecked", "_settle_json", "_find_own(cls, name) is None", "False"),
    Mutant("a rounded number is written", "_to_exact", "isinstance(number, Decimal)", "False"),
    Mutant("a schema requires what has a default", "describe_object", "not field.has_default", "True"),
    Mutant("a schema allows null for what is required", "describe_object", "not is_needed", "True"),
    Mutant("a pattern matches anywhere", "write_pattern", 'f"^(?:{_p})"', 'f"(?:{_p})"'),
    Mutant("an image of an export is not unwrapped", "_read", "isinstance(inner, Mapping)", "False"),
    Mutant("parts of lists in an image go unchecked", "_find_mistake", 'kind == "L"', "False"),
    Mutant("bytes for boto3's client are text", "_write_scalar", 'binary == "base64"', "True"),
    Mutant("an undeclared member of a document is lost", "DocumentField._build", "normalize_item(undeclared)", "{}"),
    Mutant("a document is built anew", "DocumentField._convert_foreign", "not is_valid", "True"),
    Mutant("a part of a document is stored", "DocumentField._check_class", "isinstance(document, Part)", "False"),
    Mutant("a document of a derived class is cut", "DocumentField._check_class", "type(document) is not _k", "False"),
    Mutant("a document is saved without a member", "DocumentField._encode_declared", "field.required", "False"),
    Mutant("a changed list goes unchecked", "DocumentField._encode_declared", "field.validate(member)", "member"),
    Mutant("a document in itself loses what is missing", "DocumentField._takes_none", "self.is_declared or _o", "_o"),
    Mutant(
        "an element that was moved is changed", "_compare_elements", "(Comparison(path / index, EQ, before),)", "()"
    ),
    Mutant("an element replaces another's", "_compare_elements", "(NotExists(path / len(stored)),)", "()"),
    Mutant("a part of a document is a whole one", "DocumentField.make_part", "loaded", "self.fields"),
    Mutant("a rule of a whole document is ignored", "DocumentField.has_rules", "self.document_type.has_rules", "False"),
    Mutant("pydantic takes what lacks a value", "_find_missing", "name not in given", "False"),
]
