# One image for web, worker and beat; docker-compose.yml says which is which.
FROM python:3.12-slim AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.lock requirements-build.lock ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
RUN python -m venv /build && /build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY bridge ./bridge
COPY rules ./rules
COPY migrations ./migrations
RUN /build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheel . && /venv/bin/pip install --no-cache-dir --no-deps /wheel/*.whl

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /state --create-home bondbridge
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 BONDBRIDGE_CONFIG=/etc/bondbridge/bondbridge.yaml BONDBRIDGE_STATE_DIR=/state
USER bondbridge
WORKDIR /state
VOLUME /state
EXPOSE 8080
CMD ["python", "-m", "bridge.web"]
