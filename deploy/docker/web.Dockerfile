# The web page, and NGINX that serves it and balances the gateways. Build with the checkout as context.
FROM node:20-bookworm-slim AS build
WORKDIR /source/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web .
RUN npm run build

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends nginx-light \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o www-data -g www-data /var/lib/chat-nginx
COPY --from=build /source/web/dist /srv/web
COPY deploy/nginx /etc/chat
COPY deploy/docker/start-nginx deploy/docker/is-answering /usr/local/bin/
USER www-data
EXPOSE 3000 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=6 CMD ["is-answering", "3000", "8000"]
ENTRYPOINT ["start-nginx"]
