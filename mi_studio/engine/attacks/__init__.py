"""One folder per attack: a card and a generator of Progress."""
