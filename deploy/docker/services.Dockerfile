# The two services. Build with the checkout as context and --target gateway or --target persister.
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
      g++ cmake ninja-build pkg-config zlib1g-dev libboost1.81-dev libhiredis-dev librdkafka-dev libpqxx-dev \
      nlohmann-json3-dev libspdlog-dev prometheus-cpp-dev libcli11-dev libxxhash-dev libssl-dev \
      libgtest-dev libgmock-dev python3-minimal ccache busybox ca-certificates \
    && rm -rf /var/lib/apt/lists/*
# A compiler cache outside the container for builds again and again, such as redis://127.0.0.1:6379 with --network host.
ARG CCACHE_REMOTE_STORAGE=""
ENV CCACHE_REMOTE_STORAGE=$CCACHE_REMOTE_STORAGE CCACHE_REMOTE_ONLY=true
WORKDIR /source
COPY CMakeLists.txt CMakePresets.json LICENSE ./
COPY common common
COPY gateway gateway
COPY persister persister
RUN cmake --preset release -DCHAT_TESTS=OFF && cmake --build --preset release \
    && cmake --install build/release --prefix /opt/chat --strip
# The unit tests that need no server; an image comes only from a tree that passes them.
COPY tests tests
RUN cmake --preset release -DCHAT_TESTS=ON && cmake --build --preset release --target unit_tests_without_server \
    && ctest --preset release --label-regex without_server
COPY deploy/docker/make-root /usr/local/bin/
RUN make-root /root-of/gateway /opt/chat/bin/chat-gateway && make-root /root-of/persister /opt/chat/bin/chat-persister

FROM scratch AS gateway
COPY --from=build /root-of/gateway /
ENV PATH=/bin ADMIN_ADDRESS=0.0.0.0 ADMIN_PORT=9100 LISTEN_ADDRESS=0.0.0.0 PORT=8000
USER chat
EXPOSE 8000 9100
# SIGTERM, Docker's default, lets the service finish what it has taken.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 \
  CMD wget -q -O /dev/null "http://127.0.0.1:$ADMIN_PORT/readyz"
# The container's name for itself is one that Docker's DNS knows too, by which NGINX finds the gateway of a session.
ENTRYPOINT ["sh", "-c", "GATEWAY_ID=${GATEWAY_ID:-$HOSTNAME} exec chat-gateway \"$@\"", "chat-gateway"]

FROM scratch AS persister
COPY --from=build /root-of/persister /
ENV PATH=/bin ADMIN_ADDRESS=0.0.0.0 ADMIN_PORT=9100
USER chat
EXPOSE 9100
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 \
  CMD wget -q -O /dev/null "http://127.0.0.1:$ADMIN_PORT/readyz"
ENTRYPOINT ["chat-persister"]
