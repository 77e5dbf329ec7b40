"""Real servers on this machine for tests, each started by a fixture and gone at the end."""
