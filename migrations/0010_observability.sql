-- The health of what runs, a row a minute and place.
CREATE TABLE health_minute (
    service TEXT NOT NULL,
    environment TEXT NOT NULL,
    minute_at BIGINT NOT NULL,
    checks BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    status BIGINT NOT NULL,
    latency_sum DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (service, environment, minute_at)
);
CREATE INDEX health_minute_by_time ON health_minute (minute_at);
