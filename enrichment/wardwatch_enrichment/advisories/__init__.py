"""Feed file → records: one module a source, each with `parse`."""
