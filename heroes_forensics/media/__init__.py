"""The only code that decodes pictures. A stream goes in, numbers come out."""
