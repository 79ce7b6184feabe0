"""MI Studio: watch a model inversion attack happen, and see what a defence does to it."""

__version__ = "0.1.0"
