"""What every room may trust: no GUI, no plan text format, no record layout."""
