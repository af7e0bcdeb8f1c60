"""Pages as passages: units, fields, lists and main content."""
