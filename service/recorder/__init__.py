"""The recorder as the service gives it out: its versions, their addresses, and the tag for pages."""
