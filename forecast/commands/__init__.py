"""One file a command: ``run(command, purpose, arguments)`` returns its exit code."""
