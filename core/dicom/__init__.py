"""DICOM objects of radiotherapy, read as they stand: what is missing is named, never guessed."""
