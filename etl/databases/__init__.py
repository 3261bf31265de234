"""What loading into a table asks of every database."""
