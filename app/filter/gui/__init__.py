"""RTP-Filter in the window: a thin face over the functions of `app.filter`."""
