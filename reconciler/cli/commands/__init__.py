"""The commands, each in a file that is imported when it is called."""
