"""Django's database backend for PostgreSQL, which can keep connections from request to request."""
