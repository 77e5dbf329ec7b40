"""The command line: thin, over `stook.app`."""
