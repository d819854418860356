"""What a hospital states of the vulnerabilities in its own devices (VEX)."""
