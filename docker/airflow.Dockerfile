# Airflow's components, with what the tasks need. No Django in here.
FROM apache/airflow:slim-3.3.2-python3.12

# Airflow itself included: these are the very versions that the tests run with.
COPY docker/requirements-airflow.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --require-hashes --requirement /tmp/requirements.txt

ENV PYTHONPATH=/opt/logidata:/opt/logidata/dags

# The folders that volumes are mounted over, owned by the user of both images: an empty named
# volume takes the owner of the folder.
USER root
RUN install --directory --owner=50000 --group=0 --mode=775 \
    /srv/logidata/dags /srv/logidata/snapshots /srv/logidata/staging /srv/logidata/state \
    /srv/logidata/data
COPY etl /opt/logidata/etl/
COPY dags/operators /opt/logidata/dags/operators/
COPY docker/airflow-init.sh /opt/logidata/docker/

USER 50000:0
