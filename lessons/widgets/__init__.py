"""What the widgets of the pages read: traces, curves, and the trained network."""
