"""Grids in patient space: sampling, structures as volumes, dose statistics."""
