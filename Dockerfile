# Papertide as a container: the wheel in an environment of its own, CPU only, for a user without rights.
#   docker build -t papertide .
#   docker run --read-only --tmpfs /tmp -v papertide:/data -p 127.0.0.1:8000:8000 papertide

FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /src
# torch by itself, from PyTorch's index: the ordinary one would bring gigabytes of CUDA.
RUN python -m venv /opt/papertide \
    && /opt/papertide/bin/pip install --no-deps --index-url https://download.pytorch.org/whl/cpu torch==2.13.0
COPY deploy/requirements.lock ./
RUN /opt/papertide/bin/pip install --no-deps --require-hashes -r requirements.lock
COPY . .
# Nothing runs the tests and compiles against the headers of libraries: 150 MB.
RUN /opt/papertide/bin/pip install --no-deps . \
    && find /opt/papertide/lib -type d \( -name tests -o -path '*/torch/include' \) -prune -exec rm -rf {} +

FROM python:3.12-slim-bookworm
RUN groupadd --gid 10001 papertide \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin papertide \
    && install -d -o papertide -g papertide -m 0700 /data
COPY --from=build /opt/papertide /opt/papertide
# The root may be read-only: what libraries cache goes to /tmp.
ENV PATH=/opt/papertide/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp NUMBA_CACHE_DIR=/tmp/numba XDG_CACHE_HOME=/tmp/cache MPLCONFIGDIR=/tmp/matplotlib \
    PAPERTIDE_DATA_DIR=/data PAPERTIDE_SERVICE__HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["papertide"]
CMD ["up"]
