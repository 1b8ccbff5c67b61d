"""The Archive room: the RT PACS."""
