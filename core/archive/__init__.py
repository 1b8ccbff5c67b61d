"""The archive: objects kept byte for byte, found again by person, study, series and plan set."""
