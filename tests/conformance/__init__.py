"""The corpus of real images, through the command line; see docs/conformance.md."""
