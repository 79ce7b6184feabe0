"""The parts of the window. Each draws a view and reports gestures; none decides anything."""
