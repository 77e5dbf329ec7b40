"""Public conformance suites and faults, for those who extend Stook."""
