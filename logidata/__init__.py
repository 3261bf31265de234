"""The Django project: settings, URLs, Celery, error answers and health checks."""
