/** How the server is, for whoever runs it: all of it, its options, its log lines, its backups. */
import { mediaType } from "../../../../feeds/media.ts";
import { Refusal } from "../../../errors.ts";
import { LEVELS, type Level } from "../../../observe/operator-log.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { stateOf } from "../../numbers/state.ts";
import { negotiateType } from "../../request/negotiation.ts";

const JSON_TYPE = mediaType("application/json", "json");
const NO_STORE = ["Cache-Control", "no-store", "Vary", "Accept"];
const LINES_USUAL = 100;
const LINES_MAX = 1000;

type Queried = { readonly query: string };

/** GET /admin */
export async function answerState(exchange: Exchange, { query }: Queried): Promise<Answer> {
	const write = jsonWriter(exchange, query);
	return write(await stateOf(exchange.context));
}

/** GET /admin/backups: what the data directory knows of its backups, the newest first. */
export async function answerBackups(exchange: Exchange, { query }: Queried): Promise<Answer> {
	const write = jsonWriter(exchange, query);
	return write({ backups: await exchange.context.upkeep.backups() });
}

/**
 * GET /admin/log: the newest lines of the operator log, the newest first.
 * @throws Refusal `malformed-query`
 */
export function answerLines(exchange: Exchange, { query }: Queried): Answer {
	const { lines } = exchange.context;
	const parameters = new URLSearchParams(query);
	const level = levelOf(parameters.get("level") ?? "info");
	const limit = limitOf(parameters.get("limit"));
	const write = jsonWriter(exchange, query);
	return write({ count: lines.count, lines: lines.newest(level, limit) });
}

/** GET /info/options, in the shape of contract 10.2. */
export function answerOptions(exchange: Exchange, { query }: Queried): Answer {
	const write = jsonWriter(exchange, query);
	const shown = exchange.context.options.list().map(({ option, value, source, isWaiting }) => ({
		name: option.flag,
		description: option.help,
		group: option.group ?? "Server",
		value,
		configurationSource: source,
		deprecationMessage: null,
		schema: { type: SCHEMA_TYPES[option.kind] },
		waitsForRestart: isWaiting,
	}));
	return write(shown);
}

const SCHEMA_TYPES = {
	text: "string",
	url: "string",
	bytes: "string",
	"whole-number": "integer",
	"yes-no": "boolean",
} as const;

/** @throws Refusal `not-acceptable` */
export function jsonWriter(
	{ req }: Exchange,
	query: string,
	status = 200,
): (value: object) => Answer {
	const { contentType } = negotiateType(req, query, [JSON_TYPE]);
	return (value) => ({
		...textAnswer(status, contentType, JSON.stringify(value), NO_STORE),
		// It tells of the machine: of paths, and of what went wrong.
		isForOwnOrigin: true,
	});
}

function levelOf(value: string): Level {
	const level = LEVELS.find((one) => one === value);
	if (level) return level;
	const reason = `it takes ${LEVELS.join(", ")}.`;
	throw new Refusal("malformed-query", { parameter: "level", value: value.slice(0, 64), reason });
}

function limitOf(value: string | null): number {
	if (value === null) return LINES_USUAL;
	const limit = /^\d{1,4}$/.test(value) ? Number(value) : 0;
	if (limit >= 1 && limit <= LINES_MAX) return limit;
	const reason = `it takes a number from 1 to ${LINES_MAX}.`;
	throw new Refusal("malformed-query", { parameter: "limit", value: value.slice(0, 64), reason });
}
