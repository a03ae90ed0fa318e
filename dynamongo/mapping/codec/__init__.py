"""The codec of a model: between its instances, items and DynamoDB JSON.

It is there twice, with the same results: `plain` loops over the fields, and converts the first few values of a program;
`model` then compiles a function for each task, of the `fast_paths` of the fields and, to read instances straight from
DynamoDB JSON, of their `wire_paths`.
"""
