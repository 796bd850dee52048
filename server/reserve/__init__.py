"""Backup and restore: everything that a server knows, as files that no database version owns."""
