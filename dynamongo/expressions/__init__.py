"""Attribute values, conditions and updates as data, and what they mean: evaluation, sizes and limits."""
