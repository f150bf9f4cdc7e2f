# syntax=docker/dockerfile:1
# One image for web, workers, beat, Flower and migrate; docker-compose.yml gives each its command.
# Built in two stages: the first has uv and what a build leaves behind, the second only what runs.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_CACHE=1 UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
WORKDIR /app
# The locks alone first: as long as they stay, this layer does too.
COPY requirements-uv.txt requirements.txt ./
COPY deploy/not-in-image.txt deploy/
RUN python -m venv /opt/uv \
 && /opt/uv/bin/pip install --no-cache-dir --require-hashes -r requirements-uv.txt \
 && python -m venv --without-pip /opt/venv \
 && /opt/uv/bin/uv pip install --python /opt/venv/bin/python --require-hashes \
      --excludes deploy/not-in-image.txt -r requirements.txt
ENV PATH=/opt/venv/bin:$PATH
COPY . .
# Readable by all, whatever the checkout's modes were; compiled, as nobody may write there later.
RUN deploy/build-env.sh python manage.py collectstatic --noinput \
 && chmod -R a+rX /app \
 && python -m compileall -q .

FROM python:${PYTHON_VERSION}-slim-bookworm
# A fixed number, so that volumes and policies can name it. It owns nothing that it runs.
RUN groupadd --gid 10001 clearbeat \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin clearbeat
# REMAP_SIGTERM: SIGTERM gives a worker SOFT_SHUTDOWN_SECONDS for what it does; without it, a task's whole time.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    REMAP_SIGTERM=SIGQUIT
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Web's; the other services bring their own in docker-compose.yml.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
  CMD ["python", "deploy/alive.py", "web"]
# Exec form: the program is process 1 itself and gets the signals.
CMD ["python", "-m", "gunicorn", "config.wsgi:application", "--bind", "0.0.0.0:8000", \
     "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--graceful-timeout", "30", \
     "--worker-tmp-dir", "/dev/shm", "--control-socket", "/tmp/gunicorn.ctl", "--access-logfile", "-"]
