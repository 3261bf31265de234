"""Runs the nodes of a pipeline. Knows neither Django nor Airflow."""
