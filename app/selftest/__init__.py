"""`eqs selftest`: every room tried with the demonstration patient, for installers and support."""
