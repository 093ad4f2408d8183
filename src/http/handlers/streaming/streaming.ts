/**
 * GET of a stream in a streaming format: the answer is written while the stream is read, and no
 * cache keeps it. A format that `feeds/formats/feed.ts` calls streaming needs its row here.
 */
import type { StreamingFormat } from "../../../../feeds/formats/feed.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { answerCsv, answerNdjson } from "./ndjson.ts";
import type { StreamingRequest } from "./request.ts";
import { answerServerSentEvents } from "./server-sent-events.ts";

type AnswerStreaming = (exchange: Exchange, request: StreamingRequest) => Promise<Answer>;

const STREAMING_FORMATS: Readonly<Record<StreamingFormat, AnswerStreaming>> = {
	ndjson: answerNdjson,
	csv: answerCsv,
	"event-stream": answerServerSentEvents,
};

export function answerStreaming(exchange: Exchange, request: StreamingRequest): Promise<Answer> {
	return STREAMING_FORMATS[request.representation.type.format](exchange, request);
}
