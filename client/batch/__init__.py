"""Many accounts proved under one key, on the cores of this machine or of a cluster."""
