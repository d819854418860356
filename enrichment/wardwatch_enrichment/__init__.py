"""The reasoning of Wardwatch: pure functions over the records of `model`, and their data."""
