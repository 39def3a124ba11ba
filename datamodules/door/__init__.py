"""What a person hands in, read and checked: tables, files, cells and stamps."""
