"""What a model class declares, as one `Mapper`, and everything that turns instances into items and back.

`declaration` reads the class body; a `mapper` then holds what the rest of the library asks about a model. Its parts are
packages: `codec` encodes and decodes, `keys` know of which fields a key is made, `kinds` tell the items of several
models apart, `rules` are what a model does beyond its fields, `changes` are what a save has to send, and `problems` say
what is wrong. `records` remember what is stored of an instance.
"""
