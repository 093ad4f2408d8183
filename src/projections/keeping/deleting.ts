/** The streams of a projection that are deleted with it, if it is asked for. */
import type { StreamName } from "../../event.ts";
import type { Definition } from "../definition.ts";
import { parseObject } from "../json.ts";
import { emittedStream, resultStream } from "../names.ts";
import type { Keeper } from "./keeper.ts";
import type { OwnLog } from "./own-log.ts";

export type StreamsToDelete = {
	/** Its results. */
	readonly state: boolean;
	readonly checkpoint: boolean;
	/** Those that it has written, as far as it has noted them. */
	readonly emitted: boolean;
};

const PAGE = 500;

/** Hides them: soft deletes, so that a projection of that name can write them again. */
export async function deleteStreams(
	own: OwnLog,
	{ name }: Definition,
	keeper: Keeper,
	streams: StreamsToDelete,
): Promise<void> {
	if (streams.emitted) {
		const list = emittedStream(name);
		for (const stream of await trackedIn(own, list)) await own.hide(stream);
		await own.hide(list);
	}
	if (streams.state) {
		for (const partition of new Set(["", ...keeper.partitions()])) {
			await own.hide(resultStream(name, partition) as StreamName).catch(() => undefined);
		}
	}
	if (streams.checkpoint) await keeper.clear();
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
