/** How the server and its log are, for whoever runs them: made when somebody asks. */
import { ALL } from "../../event.ts";
import { STREAMS } from "../../indexes/joins.ts";
import type { ServerState, WriterState } from "../../screens.ts";
import type { Context } from "../context.ts";
import { VERSION } from "../version.ts";
import { countOf } from "./metrics.ts";
import { stuckOf } from "./stuck.ts";

export async function stateOf(context: Context): Promise<ServerState> {
	const { log, measured, room, tree, scavenger, upkeep, purging, startedMs } = context;
	const [sizes, events, streams, backups, stuck] = await Promise.all([
		measured.fileSizes(),
		countOf(log, ALL),
		countOf(log, STREAMS),
		upkeep.backups(),
		stuckOf(context),
	]);
	const disk = room.state();
	const { erasures, incarnation } = log;
	const standby = measured.standby?.();
	const files = { databaseBytes: sizes.database, walBytes: sizes.wal };
	const process = { version: VERSION, node: globalThis.process.version, started: iso(startedMs) };
	return {
		process,
		writer: writerOf(context),
		log: {
			events,
			streams,
			erasures,
			incarnation,
			...files,
			...(standby && { standby }),
			key: tree.key,
		},
		...(disk && { disk }),
		scavenge: { running: scavenger.progress(), last: scavenger.last() },
		verification: upkeep.verifications.state(),
		backups,
		caches: purging(),
		...(stuck && { stuck }),
	};
}

function writerOf({ unready, unreadyMs }: Context): WriterState {
	const refusal = unready();
	if (refusal === undefined) return { state: "writing" };
	const isStop = refusal.word !== "shutting-down";
	const { reason } = refusal.facts as { reason?: string };
	const why = isStop && reason !== undefined ? { reason } : {};
	return { state: isStop ? "stopped" : "shutting-down", since: iso(unreadyMs() ?? 0), ...why };
}

function iso(timeMs: number): string {
	return new Date(timeMs).toISOString();
}
