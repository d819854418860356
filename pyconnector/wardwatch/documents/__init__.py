"""Devices and findings as others read them: JSON, and documents in ECS names."""
