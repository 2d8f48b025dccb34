"""The list of models: what is in it, how it is narrowed, sorted and shown."""
