"""What the user has chosen, what is running, and what the screen shall say; no Qt, no torch."""
