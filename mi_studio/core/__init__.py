"""Plain data that every other part speaks: cards, knobs, configs, steps, recordings.

Imports neither torch nor Qt, so that listing, playing and choosing never wait for them.
"""
