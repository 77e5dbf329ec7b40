"""From a name to a task and back: modules, folders, descriptions that another process reads."""
