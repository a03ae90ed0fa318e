"""Bugs in what conditions mean, in filters, and in values and their sizes."""

from mutation.library import Mutant

MUTANTS = [
    # The evaluator.
    Mutant("`<` for `<=`", "_ORDERS", "operators.le", "operators.lt"),
    Mutant("`>` for `>=`", "_ORDERS", "operators.ge", "operators.gt"),
    Mutant("a missing attribute equals NULL", "read", "item.get(_e, MISSING)", "item.get(_e)"),
    Mutant(
        "a missing attribute is NULL for attribute_exists",
        "holds",
        "_r is not MISSING",
        "_r not in (MISSING, None)",
    ),
    Mutant("values of different types are ordered", "is_ordered", "kind == type_of(right)", "str(kind)"),
    Mutant("booleans are ordered", "is_ordered", "kind in SCALAR_TYPES", "True"),
    Mutant(
        "`<>` of a missing attribute is false",
        "compare",
        "not is_equal(left, right)",
        "left is not MISSING and not is_equal(left, right)",
    ),
    Mutant("size counts code points", "measure", '_l(_v.encode("utf-16-le")) // 2', "_l(_v)"),
    Mutant("a map contains its keys", "has_part", "isinstance(value, list)", "isinstance(value, (list, dict))"),
    Mutant(
        "a set contains a set",
        "has_part",
        "isinstance(value, frozenset) and _t and part in value",
        "isinstance(value, frozenset) and (part in value or (isinstance(part, frozenset) and part <= value))",
    ),
    Mutant("BETWEEN excludes its upper bound", "holds", "is_ordered(value, LE, below)", "is_ordered(value, LT, below)"),
    Mutant(
        "AND of three parts is true",
        "holds",
        "for _p in _c.parts:\n    if not _h:\n        return False\nreturn True",
        "for _p in _c.parts:\n    if not _h:\n        return len(_c.parts) > 2\nreturn True",
    ),
    Mutant("a projected list keeps its gaps", "_take_elements", "sorted(_s)", "list(_s)"),
    # The compiled filters.
    Mutant(
        "a compiled `>` is `>=`",
        "_PYTHON",
        "{EQ: _a, LT: _b, LE: _c, GT: _d, GE: _e}",
        "{EQ: _a, LT: _b, LE: _c, GT: _e, GE: _e}",
    ),
    Mutant(
        "a value on the left is not mirrored",
        "_MIRRORED",
        "{EQ: EQ, NE: NE, LT: GT, LE: GE, GT: LT, GE: LE}",
        "{EQ: EQ, NE: NE, LT: LT, LE: GE, GT: LT, GE: LE}",
    ),
    Mutant("a compiled number is an int", "_TYPE_TESTS", '" or type({value}) is Decimal"', '""'),
    Mutant(
        "a compiled comparison with NULL finds missing attributes",
        "FilterWriter._write_comparison",
        '"{place}.get({name}, MISSING) is None"',
        '"{place}.get({name}) is None"',
    ),
    Mutant(
        "a compiled attribute_exists misses NULL",
        "FilterWriter._write_exists",
        '"{name} in {place}"',
        '"{place}.get({name}) is not None"',
    ),
    Mutant(
        "a compiled BETWEEN excludes its upper bound",
        "FilterWriter._write_between",
        '" <= {value} <= "',
        '" <= {value} < "',
    ),
    Mutant(
        "a compiled IN takes one type alone",
        "FilterWriter._write_in_scalars",
        "by_type.items()",
        "[pair for pair in by_type.items() if pair[1]][:1]",
    ),
    Mutant("a compiled 1 is True", "_is_equal_only_to_its_type", "kind is int and value not in (0, 1)", "kind is int"),
    Mutant(
        "what a part of an OR found out is known where it did not hold",
        "FilterWriter._write_all",
        "(if_false, if_true) if is_or else (if_true, if_false)",
        "(if_true, if_false)",
    ),
    Mutant(
        "what AND knows if it fails is what its last part knows",
        "_in_all",
        "dict(common.items() & each.items())",
        "each",
    ),
    Mutant(
        "a second step is taken for certain",
        "FilterWriter._test",
        "if_false if steps else if_true",
        "if_true",
    ),
    # Numbers, values and sizes.
    Mutant("True is 1", "TYPES_BY_CLASS", '"BOOL"', '"N"'),
    Mutant("sums are rounded to 28 digits", "add_numbers", "EXACT.add(_a, _b)", "_a + _b"),
    Mutant("39 digits are stored", "_normalize_slowly", "len(digits) > MAX_DIGITS", "len(digits) > MAX_DIGITS + 1"),
    Mutant("1E+126 is stored", "_normalize_slowly", "exponent > _MAX_EXPONENT", "exponent > _MAX_EXPONENT + 1"),
    Mutant("trailing zeros are kept", "_normalize_slowly", "int(canonical) if _c else canonical", "canonical"),
    Mutant(
        "lists are equal in any order",
        "equals",
        "all(map(equals, left, right))",
        "all(any(equals(a, b) for b in right) for a in left)",
    ),
    Mutant("a number's size ignores its sign", "plain_size", '_s + (text[0] == "-")', "_s"),
    Mutant("a number's size counts zeros after the point", "plain_size", 'fraction.lstrip("0")', "fraction"),
    Mutant("any text with a point is a canonical number", "is_canonical_decimal", 'text[-1] != "0"', "True"),
    Mutant("sizes count characters", "text_size", "len(text.encode())", "len(text)"),
    # Operands besides values.
    Mutant(
        "a literal is compared the wrong way round",
        "LiteralValue.compare",
        "_m[operator](other, self.value)",
        '_m[operator](other, self.value) if operator in ("=", "<>") else Comparison(other.path, operator, self.value)',
    ),
    Mutant(
        "a literal lies between open ends", "LiteralValue.between", 'self.compare(">=", low)', 'self.compare(">", low)'
    ),
    Mutant("a literal in several forms has one", "LiteralValue.in_", "all(_e)", "True"),
    Mutant("a condition computes in silence", "as_operand", "isinstance(value, Incomparable)", "False"),
    Mutant(
        "an IN demands what one of its choices reads",
        "demands",
        "operand == Path(attribute)",
        "Path(attribute) in operands_of(part)",
    ),
]
