# The web server, the Celery worker, beat and manage.py. No Airflow in here.
FROM python:3.12-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONPATH=/app \
    DJANGO_SETTINGS_MODULE=logidata.settings

COPY docker/requirements-web.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --require-hashes --requirement /tmp/requirements.txt \
    && rm /tmp/requirements.txt

# The user and group of Airflow's image, for both write into the same volumes. An empty named
# volume takes the owner of the folder that it is mounted over.
RUN useradd --uid 50000 --gid 0 --create-home logidata \
    && install --directory --owner=50000 --group=0 --mode=775 \
        /srv/logidata/dags /srv/logidata/staging /srv/logidata/state /srv/logidata/data \
        /srv/logidata/logs /app/var/static

WORKDIR /app
COPY manage.py ./
COPY etl etl/
COPY airflow_bridge airflow_bridge/
COPY pipelines pipelines/
COPY executions executions/
COPY alerts alerts/
COPY logidata logidata/
COPY docker/migrate.sh docker/healthcheck.py docker/

USER 50000:0
EXPOSE 8000
CMD ["uvicorn", "logidata.asgi:application", "--host", "0.0.0.0", "--port", "8000"]
