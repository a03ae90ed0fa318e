"""The keys of models: of which fields they are, and how they are composed of others and read back."""
