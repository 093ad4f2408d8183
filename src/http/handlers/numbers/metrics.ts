/** GET /metrics: the numbers of the server, for Prometheus. */
import { type MediaType, mediaType } from "../../../../feeds/media.ts";
import { metricsContentType, metricsText } from "../../../observe/numbers/prometheus.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { metricsOf } from "../../numbers/metrics.ts";
import { negotiateType } from "../../request/negotiation.ts";
import { VERSION } from "../../version.ts";

const TEXT = mediaType("text/plain", "prometheus");
const OPEN = mediaType("application/openmetrics-text", "openmetrics");
const TYPES: readonly (MediaType & { readonly format: "prometheus" | "openmetrics" })[] = [
	TEXT,
	OPEN,
];

/** @throws Refusal `not-acceptable`, `malformed-query` */
export async function answerMetrics(
	{ context, req }: Exchange,
	{ query }: { query: string },
): Promise<Answer> {
	const { format } = negotiateType(req, query, TYPES);
	const text = await metricsText(await metricsOf(context, VERSION), format);
	const headers = ["Cache-Control", "no-store", "Vary", "Accept"];
	return textAnswer(200, metricsContentType(format), text, headers);
}
