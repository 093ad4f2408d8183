# The build uses the dependencies of development; the image has only those of production.
FROM node:24-bookworm-slim AS build
WORKDIR /app
# better-sqlite3 has binaries for most platforms. If there is none for this one, these compile it.
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY feeds feeds
COPY client client
COPY src src
COPY admin admin
COPY scripts/bundle.js scripts/
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
WORKDIR /app
# glibc keeps up to eight arenas a core: with two, it returns more of the memory that is free.
ENV NODE_ENV=production VARVE_HOST=0.0.0.0 VARVE_DATA=/data MALLOC_ARENA_MAX=2
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY admin/style admin/style
COPY package.json openapi.json LICENSE ./
COPY bin bin
COPY migrations migrations
# Whoever the container runs as (--user) may make the log in a new volume. The root may be read-only
# (--read-only), without a /tmp: the server writes to /data only.
RUN mkdir /data && chown node:node /data && chmod 1777 /data
USER node
VOLUME /data
EXPOSE 2113
# It listens on all addresses, so it asks every client for credentials, unless you say otherwise:
#   docker run -p 127.0.0.1:2113:2113 -v varve:/data -e VARVE_ALLOW_ANONYMOUS=yes varve
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD \
  ["node", "-e", "const { VARVE_PORT: port = 2113, VARVE_TLS_CERT: cert } = process.env; require(cert ? 'https' : 'http').get({ host: '127.0.0.1', port, path: '/health/ready', rejectUnauthorized: false }, (r) => process.exit(r.statusCode === 204 ? 0 : 1)).on('error', () => process.exit(1))"]
# npm does not stand in between, so SIGTERM reaches the server and lets it drain.
# Half of the room that young objects get by default: 16 MB less, see docs/operations.md.
ENTRYPOINT ["node", "--max-semi-space-size=8", "bin/varve"]
CMD ["serve"]
