"""What can be done about a finding on the device at hand."""
