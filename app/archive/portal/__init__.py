"""The web portal over the archive: search, look, download, forward; off until it is started."""
