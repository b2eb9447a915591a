# One image for every stage: `tocsin run STAGE`. Two steps, so that neither compilers, nor pip,
# nor the repository itself reach the machine that reads hostile text.

ARG PYTHON=3.11.14-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv /opt/tocsin \
 && /opt/tocsin/bin/pip install --require-hashes --only-binary :all: \
      -r requirements/build.txt -r requirements/runtime.txt
COPY . .
RUN /opt/tocsin/bin/pip install --no-deps --no-build-isolation . \
 && /opt/tocsin/bin/pip uninstall --yes setuptools pip \
 && python -m compileall -q /opt/tocsin

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="Tocsin" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN install -d -o 10001 -g 10001 -m 0700 /var/lib/tocsin
COPY --from=build /opt/tocsin /opt/tocsin
COPY deploy/docker/alive.py /opt/tocsin/alive.py
ENV PATH=/opt/tocsin/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    TOCSIN_STATE=/var/lib/tocsin \
    TOCSIN_METRICS__PORT=9464
WORKDIR /var/lib/tocsin
USER 10001:10001
VOLUME /var/lib/tocsin
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "/opt/tocsin/alive.py"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["tocsin"]
CMD ["--help"]
