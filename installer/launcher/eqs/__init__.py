"""EQS Workstation as an installed program."""
