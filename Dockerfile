# The program alone: no shell, no package manager, not root. It needs a Postgres
# and a Redis to connect to; compose.yaml has both.

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/hunyue ./server \
	&& mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /zoneinfo.zip
COPY --from=build /out/hunyue /hunyue
# What the program keeps itself, such as its keys. Mount a volume here.
COPY --from=build --chown=65532:65532 /out/data /data
ENV ZONEINFO=/zoneinfo.zip \
	HUNYUE_ADDR=0.0.0.0:8080 \
	HUNYUE_DATA=/data \
	HUNYUE_KEYS=/data/keys
USER 65532:65532
EXPOSE 8080
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["/hunyue", "doctor", "--url", "http://127.0.0.1:8080"]
ENTRYPOINT ["/hunyue"]
CMD ["serve"]
