"""What to run: pipelines, their revisions, graph checks and deployment to Airflow."""
