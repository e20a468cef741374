"""The command line: options in, exit code out. A file per command, no logic."""
