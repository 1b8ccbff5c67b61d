"""EQS Workstation: one window, independent rooms."""
