"""From a provider's words to the caller: tools as text and back, what is repeated, what is cut."""
