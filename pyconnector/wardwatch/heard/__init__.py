"""From rows of logs to what the store keeps: claims, exposures, alarms."""
