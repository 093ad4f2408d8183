/** States and results of a projection (contract 8.5): of now, as of a moment, and page by page. */
import { createHash } from "node:crypto";
import { matches } from "../../../cache/policy.ts";
import { Refusal } from "../../../errors.ts";
import type { StreamName } from "../../../event.ts";
import { hasAsOf, parseAsOf } from "../../../pages/as-of/query.ts";
import { endOf, stateThen } from "../../../projections/asking/as-of.ts";
import { pageOfPartitions } from "../../../projections/asking/partitions.ts";
import type { OwnLog } from "../../../projections/keeping/own-log.ts";
import type { Projection } from "../../../projections/projection.ts";
import type { Looked } from "../../../projections/running/run.ts";
import type { Answer } from "../../answering/answer.ts";
import { clientGone, type Exchange, hold } from "../../answering/exchange.ts";
import { minPositionIn, minPositionWaitMs } from "../../conditions/min-position.ts";
import {
	answerText,
	checkAccept,
	malformed,
	type ProjectionTarget,
	parameter,
	permitLook,
	projectionOf,
} from "./request.ts";

const COUNT_USUAL = 20;
const COUNT_MAX = 500;

/** GET …/state and …/result, of a partition or of the whole */
export function lookingAt(part: "state" | "result") {
	return async (exchange: Exchange, target: ProjectionTarget): Promise<Answer> => {
		checkAccept(exchange, target.query);
		const projection = await projectionOf(exchange, target);
		await permitLook(exchange, projection);
		const partition = parameter(target.query, "partition") ?? "";
		if (hasAsOf(target.query)) return lookBack(exchange, projection, target, { part, partition });
		await reached(exchange, projection);
		const looked = await projection.look(partition);
		return answerText(looked[part], positionOf(looked));
	};
}

/** GET …/partitions[?text=&after=&count=]: their names and states. */
export async function answerPartitions(
	exchange: Exchange,
	target: ProjectionTarget,
): Promise<Answer> {
	checkAccept(exchange, target.query);
	const projection = await projectionOf(exchange, target);
	await permitLook(exchange, projection);
	const asked = {
		text: parameter(target.query, "text") ?? "",
		after: parameter(target.query, "after"),
		count: countIn(target.query),
	};
	await reached(exchange, projection);
	const keeper = await projection.keptNow();
	const { partitions, total, next } = await pageOfPartitions(keeper, asked);
	// States are JSON already, and are shown as they are.
	const list = partitions.map(({ partition, state = "null", result }) => {
		const rest = result === undefined ? "" : `,"result":${result}`;
		return `{"partition":${JSON.stringify(partition)},"state":${state}${rest}}`;
	});
	const more = next === undefined ? "" : `,"next":${JSON.stringify(next)}`;
	const tag = keeper.checkpoint?.tag ?? "";
	return answerText(
		`{"partitions":[${list.join(",")}],"total":${total}${more}}`,
		positionOf({ tag, state: undefined, result: undefined }),
	);
}

/**
 * Waits until the projection has come as far as the client asks.
 * @throws Refusal `position-not-reached`, `malformed-header`
 */
async function reached(exchange: Exchange, projection: Projection): Promise<void> {
	const position = minPositionIn(exchange);
	if (position === undefined) return;
	const waitMs = minPositionWaitMs(exchange);
	const signal = AbortSignal.any([AbortSignal.timeout(waitMs), clientGone(exchange)]);
	hold(exchange, waitMs);
	const next = await projection.until(position + 1, signal);
	if (next > position) return;
	if (!projection.isRunning) {
		const { state, definition } = projection;
		const reason = `It does not run, and has come to position ${next - 1} of ${position}.`;
		throw new Refusal("projection-busy", { projection: definition.name, state, reason });
	}
	throw new Refusal("position-not-reached", { position, last: next - 1, retryAfterSeconds: 1 });
}

/**
 * As of a moment that is over, the answer is the same until the query is changed or reset, or the
 * events are others to its author: erased, deleted, hidden, or not to be read by them any more.
 */
async function lookBack(
	exchange: Exchange,
	{ definition }: Projection,
	target: ProjectionTarget,
	{ part, partition }: { readonly part: "state" | "result"; readonly partition: string },
): Promise<Answer> {
	const { projections, log } = exchange.context;
	const { own, around } = projections;
	const before = await endOf(own, parseAsOf(new URLSearchParams(target.query)), partition);
	const { id, epoch, version, settings, author } = definition;
	const query = [id, epoch, version, settings.emitEnabled, author.login];
	const events = [log.incarnation, log.erasures, ...(await changesOfRights(own))];
	const words = JSON.stringify([query, events, before, part, partition]);
	const hash = createHash("sha256").update(words).digest("base64url");
	const eTag = `"${hash.slice(0, 22)}"`;
	const kept = ["ETag", eTag];
	if (matches(exchange.req.headers["if-none-match"], eTag)) {
		return { status: 304, headers: [...kept, "Cache-Control", "no-cache"] };
	}
	const parts = { own, scripts: around.scripts, rights: around.rights };
	const then = await stateThen(parts, definition, { before, partition }, clientGone(exchange));
	const answer = answerText(then[part], positionOf(then));
	const headers = answer.headers.map((value) => (value === "no-store" ? "no-cache" : value));
	return { ...answer, headers: [...headers, ...kept] };
}

/** Each event in these streams may hide other events, or show them to others. */
const OF_RIGHTS = ["$et-$metadata", "$et-$streamDeleted", "$settings"] as StreamName[];

function changesOfRights(own: OwnLog): Promise<number[]> {
	return Promise.all(OF_RIGHTS.map((stream) => own.lastOf(stream)));
}

function positionOf({ tag }: Looked): readonly string[] {
	return tag === "" ? [] : ["ES-Position", tag, "Kurrent-Position", tag];
}

/** @throws Refusal `malformed-query` */
export function countIn(query: string): number {
	const value = parameter(query, "count");
	if (value === undefined) return COUNT_USUAL;
	const count = /^\d{1,6}$/.test(value) ? Number(value) : 0;
	if (count >= 1 && count <= COUNT_MAX) return count;
	throw malformed("count", value, `it takes a whole number from 1 to ${COUNT_MAX}.`);
}
