"""How large a risk is: figures on three axes, and a label by a table."""
