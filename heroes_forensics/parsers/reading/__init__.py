"""Bytes to bytes, for every room: small readers, and what expands a stream."""
