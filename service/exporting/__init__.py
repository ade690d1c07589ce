"""Exporting: whole tables of what was decided and said, page by page in commit order."""
