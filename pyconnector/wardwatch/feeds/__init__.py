"""Public feeds: where from, what they are, and how they are taken."""
