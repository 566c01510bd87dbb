"""What the figures show, drawn: one module for each kind of figure, on a sheet in either theme."""
