"""A connector that never ends: logs followed, risks kept up to date, its health."""
