"""The only code that talks to Airflow: the DAG files it reads and the REST API it answers."""
