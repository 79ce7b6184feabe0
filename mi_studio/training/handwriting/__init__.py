"""Handwriting scene: characters drawn and read, and the networks that learn from them."""
