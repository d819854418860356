"""What an install into Security Onion needs."""
