"""Interfaces: command line, HTTP and MCP, with the settings that they read."""
