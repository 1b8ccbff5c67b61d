"""LEX writes the transfer file. Never read `app/filter` while working here (double entry)."""
