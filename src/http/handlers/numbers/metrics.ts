/** GET /metrics: the numbers of the server, for Prometheus. */
import { type MediaType, mediaType } from "../../../../feeds/media.ts";
import type { Metric, Reading } from "../../../observe/numbers/metric.ts";
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
	exchange: Exchange,
	{ query }: { query: string },
): Promise<Answer> {
	const { format } = negotiateType(exchange.req, query, TYPES);
	const all = await metricsOf(exchange.context, VERSION);
	const text = await metricsText(await knownTo(exchange, all), format);
	const headers = ["Cache-Control", "no-store", "Vary", "Accept"];
	return textAnswer(200, metricsContentType(format), text, headers);
}

/** Without the series that name a stream of which the client may not know. */
async function knownTo(
	{ context: { access }, principal }: Exchange,
	metrics: readonly Metric[],
): Promise<Metric[]> {
	const verdicts = new Map<string, boolean>();
	for (const { readings } of metrics) {
		for (const { labels } of readings) {
			const stream = labels?.stream;
			if (stream === undefined || verdicts.has(stream)) continue;
			// A name that was cut is that of no stream: then it is for those who may know of all.
			const asked = CUT.test(stream) ? SYSTEM_STREAM : stream;
			verdicts.set(stream, await access.mayKnow(principal, asked));
		}
	}
	const isKnown = ({ labels }: Reading) => verdicts.get(labels?.stream ?? "") ?? true;
	return metrics.map((metric) => ({ ...metric, readings: metric.readings.filter(isKnown) }));
}

/** As `numbers/subscriptions.ts` cuts them. */
const CUT = /\u2026[0-9a-f]{12}$/;
const SYSTEM_STREAM = "$";
