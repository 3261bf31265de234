"""What the MySQL and MariaDB modules share."""
