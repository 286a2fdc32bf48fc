"""The verbs of the command line, one file each: options in, one call, text or JSON out."""
