/**
 * The streams of a projection that are deleted with it, if it is asked for.
 *
 *     asked ──▶ the definition says so ──▶ streams, in groups ──▶ the projection is no more
 *                        ▲                         │
 *                        └── a start goes on ──────┘ a server that ends in between
 */
import { isRefusal, Refusal } from "../../errors.ts";
import type { StreamName } from "../../event.ts";
import type { Definition, StreamsToDelete } from "../definition.ts";
import { parseObject } from "../json.ts";
import { emittedStream, resultStream, resultStreamOf } from "../names.ts";
import type { Definition as Said } from "../script/script.ts";
import type { Keeper } from "./keeper.ts";
import type { OwnLog } from "./own-log.ts";

export const BEING_DELETED = "It is being deleted.";
const PAGE = 500;
/** So many deletes wait for one commit together. */
const AT_A_TIME = 32;

/**
 * @returns the projection, which is to stay
 * @throws Refusal `projection-busy` of one that is being deleted
 */
export function notDeleted<P extends { definition: Definition; state: string }>(one: P): P {
	const { state, definition } = one;
	if (definition.deletes === undefined) return one;
	const facts = { projection: definition.name, state, reason: BEING_DELETED };
	throw new Refusal("projection-busy", facts);
}

/** Whether anything is to be deleted but the projection itself. */
export function isAnyToDelete({ state, checkpoint, emitted }: StreamsToDelete): boolean {
	return state || checkpoint || emitted;
}

/**
 * Hides them: soft deletes, so that a projection of that name can write them again. What is hidden
 * already stays so: it can be called again after it was cut short.
 * @param output where its query puts its results; undefined if that cannot be known any more
 * @throws Refusal as `Log.delete`
 */
export async function deleteStreams(
	own: OwnLog,
	{ name }: Definition,
	keeper: Keeper,
	streams: StreamsToDelete,
	output: Said["output"] | undefined,
): Promise<void> {
	if (streams.emitted) {
		const list = emittedStream(name);
		await hideAll(own, await trackedIn(own, list));
		await own.hide(list);
	}
	if (streams.state) {
		await hideAll(own, resultsOf(name, keeper, undefined));
		// Elsewhere others may write as well.
		if (output) await hideAll(own, resultsOf(name, keeper, output), name);
	}
	if (streams.checkpoint) await keeper.clear();
}

function* resultsOf(
	name: string,
	keeper: Keeper,
	output: Said["output"] | undefined,
): Iterable<string> {
	const streamOf = (partition: string) =>
		output ? resultStreamOf(name, output, partition) : resultStream(name, partition);
	yield streamOf("");
	for (const partition of [...keeper.partitions()]) if (partition !== "") yield streamOf(partition);
}

/** @param owner only those whose newest event this projection has written */
async function hideAll(own: OwnLog, streams: Iterable<string>, owner?: string): Promise<void> {
	const left = streams[Symbol.iterator]();
	const work = async () => {
		for (let next = left.next(); !next.done; next = left.next()) {
			await hideOne(own, next.value as StreamName, owner);
		}
	};
	await Promise.all(Array.from({ length: AT_A_TIME }, work));
}

async function hideOne(own: OwnLog, stream: StreamName, owner?: string): Promise<void> {
	try {
		if (owner !== undefined && !(await isOf(own, stream, owner))) return;
		await own.hide(stream);
	} catch (error) {
		// A partition can have a name that no stream can have; what is gone is gone.
		if (isRefusal(error, "invalid-stream-name") || isRefusal(error, "stream-deleted")) return;
		throw error;
	}
}

async function isOf(own: OwnLog, stream: StreamName, owner: string): Promise<boolean> {
	const newest = (await own.read(stream, "head", 1))?.entries[0]?.event;
	return newest !== undefined && parseObject(newest.metadata)?.$projection === owner;
}

async function trackedIn(own: OwnLog, list: StreamName): Promise<Set<StreamName>> {
	const found = new Set<StreamName>();
	for (let next = 0; ; next += PAGE) {
		const slice = await own.read(list, next, PAGE);
		for (const { event } of slice?.entries ?? []) {
			const { stream } = parseObject(event.data) ?? {};
			if (typeof stream === "string") found.add(stream as StreamName);
		}
		if (slice === undefined || next + PAGE > slice.last) return found;
	}
}
