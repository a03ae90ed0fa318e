"""What a model does to its items beyond what each field does by itself."""
