"""The verbs of the command line, a file each; none is loaded before it runs."""
