"""What is said of bundles after they were made: tags, commits, aliases, removals, and the contexts they are in."""
