"""The embedded stack of `make up`: private services, their settings, their start and their end.

It knows neither Django nor Airflow from the inside: it starts their processes, waits until
each is healthy, and stops them again.
"""
