"""How the items of several models in one table are told apart, and read together."""
