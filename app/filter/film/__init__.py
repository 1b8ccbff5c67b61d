"""The virtual film, measured films, and how two dose planes compare (R-18, O-05)."""
