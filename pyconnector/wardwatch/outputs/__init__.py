"""Where the inventory is shown. Each output takes devices and imports only the model."""
