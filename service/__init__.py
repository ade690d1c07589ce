"""What people meet: the command line, and the shop that the demo serves."""
