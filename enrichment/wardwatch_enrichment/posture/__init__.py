"""What of a device is seen to be weak, whatever its advisories say."""
