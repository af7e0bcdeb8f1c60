# Images of pageglass: `docker build --target cpu .` (or office, cuda, ray). What is installed is in
# deploy/image/, in scripts that also run without a container daemon.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /source
COPY . .
RUN deploy/image/install.sh cpu /source /opt/pageglass

FROM python:${PYTHON} AS build-cuda
WORKDIR /source
COPY . .
RUN deploy/image/install.sh cuda /source /opt/pageglass

FROM python:${PYTHON} AS build-ray
WORKDIR /source
COPY . .
RUN deploy/image/install.sh ray /source /opt/pageglass

FROM python:${PYTHON} AS base
RUN useradd --uid 10001 --create-home pageglass \
    && install -d -o pageglass -g pageglass /data
ENV PATH=/opt/pageglass/bin:$PATH \
    PAGEGLASS_HOME=/data \
    PAGEGLASS_HOST=0.0.0.0 \
    PAGEGLASS_LOG_FORMAT=json \
    PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["tini", "--", "pageglass"]
CMD ["serve"]

FROM base AS office
COPY deploy/image/packages.sh /tmp/
RUN /tmp/packages.sh office
COPY --from=build /opt/pageglass /opt/pageglass
USER 10001

FROM base AS cuda
COPY deploy/image/packages.sh /tmp/
RUN /tmp/packages.sh cuda
COPY --from=build-cuda /opt/pageglass /opt/pageglass
USER 10001

# A node of a Ray cluster, whose starter says what it runs.
FROM base AS ray
COPY deploy/image/packages.sh /tmp/
RUN /tmp/packages.sh ray
COPY --from=build-ray /opt/pageglass /opt/pageglass
USER 10001
ENTRYPOINT []
HEALTHCHECK NONE

FROM base AS cpu
COPY deploy/image/packages.sh /tmp/
RUN /tmp/packages.sh cpu
COPY --from=build /opt/pageglass /opt/pageglass
USER 10001
