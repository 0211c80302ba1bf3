# One image with one program, which is the server, the operators' tool or the Lambda function by the name it is started by
# (/server, /admin, /lambda), for every platform that Go compiles to:
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
    go build -trimpath -buildvcs=false -tags lambda.norpc -ldflags "-s -w" -o /out/bin/q2ab ./cmd/q2ab \
    && ln -s q2ab /out/bin/server && ln -s q2ab /out/bin/admin && ln -s q2ab /out/bin/lambda \
    && mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
# As a folder: by their names the links would be copied as three more programs.
COPY --from=build /out/bin/ /
# Volumes mounted here take over the owner. Nothing else is written to: the root file system may be read-only.
COPY --from=build --chown=65532:65532 /out/data /data
ENV LISTEN=0.0.0.0:8080 DATA_DIR=/data TMPDIR=/data
VOLUME /data
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s CMD ["/admin", "healthcheck"]
ENTRYPOINT ["/server"]
