"""What the lessons share: sheets to draw on, themes, tables, traces, source, formulas."""
