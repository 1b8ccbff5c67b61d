"""The Archive room's pages."""
