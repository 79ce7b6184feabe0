"""Factory drawings scene: drawings of machine parts, and the networks that learn from them."""
