"""The Airflow operators that generated DAGs use."""
