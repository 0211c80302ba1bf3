# One image with the server, the operators' tool and the Lambda function (entry point /lambda), for every platform that Go compiles to:
#   docker buildx build --platform linux/amd64,linux/arm64 .
# The compiler runs on the builder's own platform; nothing is emulated.
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false -tags lambda.norpc -ldflags "-s -w" -o /out/ ./cmd/server ./cmd/admin ./cmd/lambda \
    && mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
# Time zones, as Go brings them: `admin import --time-zone Asia/Tokyo` needs them.
COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /
COPY --from=build /out/server /out/admin /out/lambda /
# Volumes mounted here take over the owner. Nothing else is written to: the root file system may be read-only.
COPY --from=build --chown=65532:65532 /out/data /data
ENV LISTEN=0.0.0.0:8080 DATA_DIR=/data TMPDIR=/data ZONEINFO=/zoneinfo.zip
VOLUME /data
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s CMD ["/admin", "healthcheck"]
ENTRYPOINT ["/server"]
