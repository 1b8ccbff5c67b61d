"""The Viewer room: dose and structures on CT."""
