FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends nodejs ca-certificates && rm -rf /var/lib/apt/lists/*
COPY npm /usr/local/lib/node_modules/npm
# This machine's own CA certificates and registry: they are the image's, never the project's.
COPY machine /etc/machine
ENV NODE_EXTRA_CA_CERTS=/etc/machine/ca-certificates.crt NPM_CONFIG_GLOBALCONFIG=/etc/machine/npmrc
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
CMD ["node"]
