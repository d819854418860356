"""What people decide of findings, and what is told of it later."""
