# The two services. Build with the checkout as context and --target gateway or --target persister.
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
      g++ cmake ninja-build pkg-config zlib1g-dev libboost1.81-dev libhiredis-dev librdkafka-dev libpqxx-dev \
      nlohmann-json3-dev libspdlog-dev prometheus-cpp-dev libcli11-dev libxxhash-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY CMakeLists.txt CMakePresets.json LICENSE ./
COPY common common
COPY gateway gateway
COPY persister persister
RUN cmake --preset release -DCHAT_TESTS=OFF && cmake --build --preset release \
    && cmake --install build/release --prefix /opt/chat --strip

FROM debian:12-slim AS runtime
RUN apt-get update && apt-get install -y --no-install-recommends \
      ca-certificates libhiredis0.14 librdkafka++1 libpqxx-6.4 libspdlog1.10 libprometheus-cpp-core1.0 libxxhash0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home chat
COPY deploy/docker/is-ready /usr/local/bin/is-ready
ENV ADMIN_ADDRESS=0.0.0.0 ADMIN_PORT=9100
USER chat
# SIGTERM, Docker's default, lets both services finish what they have taken.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 CMD ["is-ready"]

FROM runtime AS gateway
COPY --from=build /opt/chat/bin/chat-gateway /usr/local/bin/
ENV LISTEN_ADDRESS=0.0.0.0 PORT=8000
EXPOSE 8000 9100
ENTRYPOINT ["chat-gateway"]

FROM runtime AS persister
COPY --from=build /opt/chat/bin/chat-persister /usr/local/bin/
EXPOSE 9100
ENTRYPOINT ["chat-persister"]
