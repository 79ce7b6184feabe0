"""One folder per scene: a card and the code that makes it ready for a run."""
