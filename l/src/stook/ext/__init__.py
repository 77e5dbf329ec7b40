"""What needs an optional library; loaded by name through the registry."""
