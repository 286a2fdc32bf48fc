"""What people do to pictures, made in memory: what recall is measured with."""
