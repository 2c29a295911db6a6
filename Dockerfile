# The service alone. Not run by this project's CI, which has no Docker: test/docs/deployment.test.ts checks what can be checked without.
#   docker build -t contractor-mentorship .
ARG NODE_IMAGE=node:22-bookworm-slim

# The bundle and the web pages: built by `npm ci` itself, from the sources and the development dependencies.
FROM ${NODE_IMAGE} AS built
WORKDIR /build
COPY . .
RUN npm ci

# What the service needs to run. Node comes with the image, so the one that npm can bring is left out.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY runtime/ytsaurus-client runtime/ytsaurus-client
RUN npm ci --omit=dev --omit=optional --ignore-scripts
# The HTTP server comes compiled for every system and every version of Node: a hundred megabytes that nothing here can load.
RUN find node_modules/uWebSockets.js/dist/bin -name '*.node' ! -name "uws_linux_*_$(node -p process.versions.modules).node" -delete

FROM ${NODE_IMAGE}
# As `npm start` sets it.
ENV MALLOC_ARENA_MAX=2
ENV NODE_ENV=production DATA_DIR=/data
WORKDIR /service
COPY --from=dependencies /build/node_modules node_modules
COPY package.json LICENSE ./
COPY runtime/launch.mjs runtime/
COPY --from=built /build/dist dist
COPY --from=built /build/http/web/dist http/web/dist
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.ADMIN_PORT ?? 8081) + '/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Without npm in between, which would not pass signals on.
CMD ["node", "--disable-warning=ExperimentalWarning", "--experimental-async-context-frame", "runtime/launch.mjs", "main"]
