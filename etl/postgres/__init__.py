"""What the PostgreSQL modules share."""
