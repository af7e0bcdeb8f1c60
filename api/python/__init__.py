"""Python interface: a client with a method for each command of the command line."""
