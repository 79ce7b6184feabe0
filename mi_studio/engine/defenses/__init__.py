"""One folder per defence: a card and, unless it is trained in, a pure function."""
