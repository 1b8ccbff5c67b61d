"""The independent check of the monitor units: the clinic's dosimetry book and the R&V's fields."""
