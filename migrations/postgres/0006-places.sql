-- Idempotence asks one question: does this stream hold this id? Led by the stream, the answer for a
-- batch lies on the few pages of the index that the batch is about to write anyway; led by the id
-- alone, every event would dirty a page of its own. Several events of a stream may have one id.
CREATE INDEX events_by_id ON events (stream, id);
