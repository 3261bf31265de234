"""What the SQLite modules share."""
