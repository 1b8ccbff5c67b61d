"""The clinic's tables as keys and values with their layer; how they are changed and moved."""
