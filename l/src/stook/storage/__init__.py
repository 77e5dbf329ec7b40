"""Where bytes live: one small protocol over folders, memory and object stores."""
