"""Commands that try the project in numbers, for minutes: `python -m tests.soak.NAME`."""
