"""The command line, a module a group of commands; no other room imports it."""
