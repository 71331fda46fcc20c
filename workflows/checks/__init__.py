"""What is checked of a process file, one concern a file. Start at ``workflows.checking``."""
