"""Generated clients and programs that use them, linters, and fuzzing."""
