# Not built by its authors: no Docker engine was at hand. Mend it where it does not work, and say so.
ARG EXTRAS=serve,parquet
FROM python:3.12-slim AS build
ARG EXTRAS
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN pip wheel --no-cache-dir --wheel-dir /wheels ".[$EXTRAS]"

FROM python:3.12-slim
ARG EXTRAS
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-index --find-links /wheels "thatlook[$EXTRAS]" && rm -rf /wheels \
    && useradd --create-home --uid 10001 thatlook && mkdir /catalog && chown thatlook /catalog
USER thatlook
VOLUME /catalog
EXPOSE 8000
HEALTHCHECK --start-period=30s --interval=15s --timeout=5s CMD \
    ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["thatlook"]
CMD ["serve", "--catalog", "/catalog", "--host", "0.0.0.0", "--port", "8000"]
