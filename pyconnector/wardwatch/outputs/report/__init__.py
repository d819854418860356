"""Templates, style, script and charts of the HTML report."""
