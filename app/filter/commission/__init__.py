"""Commissioning by mutation: prove on the clinic's own plan that every rule finds its fault."""
