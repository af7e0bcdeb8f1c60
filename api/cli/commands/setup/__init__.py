"""Commands about the installation: settings, checks, backups and help."""
