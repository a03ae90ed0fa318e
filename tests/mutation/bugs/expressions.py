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
    Mutant("a compiled number is an int", "_TYPE_TESTS", '" or type(v) is Decimal"', '""'),
    Mutant(
        "a compiled comparison with NULL finds missing attributes",
        "_Writer._write_comparison",
        "self._test(left, _t, _OR_MISSING)",
        "self._test(left, _t)",
    ),
    Mutant(
        "a compiled attribute_exists misses NULL",
        "_Writer._write_exists",
        '"{} is not MISSING"',
        '"{} not in (MISSING, None)"',
    ),
    Mutant(
        "a compiled BETWEEN excludes its upper bound",
        "_Writer._write_between",
        'f"{_l} <= v <= {_h}"',
        'f"{_l} <= v < {_h}"',
    ),
    Mutant(
        "a compiled IN takes one type alone",
        "_Writer._write_in_scalars",
        "_j.join(self._test(operand, _t) for _t in tests)",
        "tests[0] and _j.join(self._test(operand, tests[0]) for _t in tests)",
    ),
    # Numbers, values and sizes.
    Mutant("True is 1", "_TYPES", '"BOOL"', '"N"'),
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
]
