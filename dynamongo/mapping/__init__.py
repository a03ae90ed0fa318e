"""What a model class declares, as one `Mapper`, and the codec between its instances and items.

`declaration` and `options` read the class body. The codec is there twice, with the same results: `plain_codec` loops
over the fields, and converts the first few values of a program; `model_codec` then compiles a function for each task,
of the `codec_fast_paths` of the fields and, to read instances straight from DynamoDB JSON, of their `wire_paths`.
`records` remember what is stored of an instance, and `changes` compares that with the instance.
"""
