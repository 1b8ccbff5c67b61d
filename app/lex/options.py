"""The words for what LEX may do to the segments of a beam: in the entries, findings and files."""

ONE_FIELD, FIELD_PER_POINT = "one field", "field per control point"
RESEQUENCED, OPEN_LEAVES = "resequenced", "open covered leaves"
SEGMENT_CHOICES = (ONE_FIELD, FIELD_PER_POINT)
