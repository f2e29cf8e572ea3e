-- Many events of one kind in one row: seq is the number of the last, first_seq of the first, and
-- event_bulk has what differs between them.
ALTER TABLE event ADD COLUMN first_seq BIGINT;

-- subjects: a Bloom filter, so that the events of one subject are found without looking into each
-- row. items: subject, uid and payload of each event, compressed.
CREATE TABLE event_bulk (
    seq BIGINT PRIMARY KEY,
    subjects {{blob}} NOT NULL,
    items {{blob}} NOT NULL
);
