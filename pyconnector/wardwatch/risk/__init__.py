"""Devices, advisories and evidence brought together: findings, risks, what to do first."""
