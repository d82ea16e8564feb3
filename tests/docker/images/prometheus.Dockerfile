FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends prometheus busybox && rm -rf /var/lib/apt/lists/* \
    && ln -s busybox /bin/wget && install -d -o nobody -g nogroup /prometheus
USER nobody
WORKDIR /prometheus
VOLUME /prometheus
EXPOSE 9090
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
