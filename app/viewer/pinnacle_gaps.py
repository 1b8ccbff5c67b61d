"""Which lines of the certificate stay open when a part of a Pinnacle folder is not used."""

_DOSE = ("V-CER-DOSE", "V-CER-COVER")
_DRAWN = ("V-CER-ON-SLICE", "V-CER-IN-IMAGE", "V-CER-COVER")
_ISOCENTRE = ("V-CER-ISOCENTRE",)

WITHOUT_PLAN = (
    "V-CER-POSITION", "V-CER-FRAME", "V-CER-STRUCTURES", "V-CER-ON-SLICE", "V-CER-IN-IMAGE",
    "V-CER-DOSE", "V-CER-COVER", "V-CER-ISOCENTRE", "V-CER-REFERENCES",
)  # fmt: skip
WITHOUT_DOSE = _DOSE
WITHOUT_REGION = _DRAWN
WITHOUT_ISOCENTRE = _ISOCENTRE
# By the name of the file that is missing or damaged.
WITHOUT_FILE = {
    "plan.roi": ("V-CER-STRUCTURES", *_DRAWN),
    "plan.Points": ("V-CER-STRUCTURES", *_ISOCENTRE),
    "plan.Trial": (*_DOSE, *_ISOCENTRE, "V-CER-REFERENCES"),
}
