/** GET /stats and what is below it: statistics as tools of EventStore know them (contract 10.3). */
import { mediaType } from "../../../../feeds/media.ts";
import { Refusal } from "../../../errors.ts";
import { partOf, type StatForm, shownTree } from "../../../observe/numbers/stat-tree.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { negotiateType } from "../../request/negotiation.ts";

const JSON_TYPE = mediaType("application/json", "json");
/** As often as they are made anew. */
const A_SECOND = ["Cache-Control", "max-age=1, public", "Vary", "Accept"];
const NO_STORE = ["Cache-Control", "no-store", "Vary", "Accept"];

/**
 * @param path the names of a part, with slashes between them; "" for all
 * @throws Refusal `malformed-query`, `route-not-found`, `not-acceptable`
 */
export async function answerStats(
	exchange: Exchange,
	{ path, query }: { path: string; query: string },
): Promise<Answer> {
	const { context, req } = exchange;
	const { contentType } = negotiateType(req, query, [JSON_TYPE]);
	const parameters = new URLSearchParams(query);
	const form: StatForm = {
		isGrouped: flagOf(parameters, "group", true),
		hasMetadata: flagOf(parameters, "metadata", false),
	};
	if (path !== "" && !form.isGrouped) {
		const reason = "Dynamic stats selection works only with grouping enabled";
		throw new Refusal("malformed-query", { parameter: "group", value: "false", reason });
	}
	const names = path === "" ? [] : path.split("/");
	const part = partOf(await context.stats(), names);
	if (part === undefined) throw new Refusal("route-not-found", { path: pathText(path) });
	return textAnswer(200, contentType, JSON.stringify(shownTree(part, form, names)), A_SECOND);
}

/** GET /stats/replication and /stats/tcp: there are no replicas, and all clients speak HTTP. */
export function answerNoStats({ req }: Exchange, { query }: { query: string }): Answer {
	return textAnswer(200, negotiateType(req, query, [JSON_TYPE]).contentType, "[]", A_SECOND);
}

/** GET /stats/recent: the figures of the last hour. */
export function answerRecent({ context, req }: Exchange, { query }: { query: string }): Answer {
	const { contentType } = negotiateType(req, query, [JSON_TYPE]);
	const { everySeconds, figuresMax } = context.recent;
	const figures = context.recent.figures().map(({ timeMs, ...figure }) => {
		return { time: new Date(timeMs).toISOString(), ...figure };
	});
	const text = JSON.stringify({ everySeconds, figuresMax, figures });
	return textAnswer(200, contentType, text, NO_STORE);
}

/** In any case, as clients of the contract write it: `True`. */
function flagOf(parameters: URLSearchParams, parameter: string, usual: boolean): boolean {
	const value = parameters.get(parameter);
	if (value === null) return usual;
	const word = value.toLowerCase();
	if (word === "true" || word === "false") return word === "true";
	const reason = "it takes true or false.";
	throw new Refusal("malformed-query", { parameter, value: value.slice(0, 64), reason });
}

function pathText(path: string): string {
	return `/stats/${path}`.slice(0, 256);
}
