"""Where rows come from. A source yields blocks of typed rows and names what it could not read."""
