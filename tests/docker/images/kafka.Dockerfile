FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --create-home appuser \
    && install -d -o appuser -g appuser /opt/kafka/config /opt/kafka/logs /var/lib/kafka/data
COPY jars /opt/kafka/libs
COPY kafka-run /etc/kafka/docker/run
USER appuser
VOLUME /var/lib/kafka/data
EXPOSE 9092
CMD ["/etc/kafka/docker/run"]
