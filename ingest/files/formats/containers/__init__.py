"""E-mails and archives: files that hold other files."""
