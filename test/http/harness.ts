/**
 * Real servers for tests: one with both lanes, one that serves everything the long way, over the
 * same log in a temporary directory. Closing checks the log.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Authenticator } from "../../src/access/authenticator.ts";
import type { Documents } from "../../src/cache/documents.ts";
import { openScavenger, type Scavenger } from "../../src/commands/scavenge/scavenger.ts";
import { parseSettings, type Settings } from "../../src/config.ts";
import type { LiveReaders } from "../../src/following/live-readers.ts";
import type { LongPolls } from "../../src/following/long-polls.ts";
import { type ServedLog, Serving } from "../../src/http/serving.ts";
import type { Log } from "../../src/log/log.ts";
import { openLog, type StoreOptions } from "../../src/log/open.ts";
import type { Screens } from "../../src/screens.ts";
import { openUpkeep } from "../../src/upkeep/upkeep.ts";
import { quietRoom, roomOf } from "../log/room/quiet.ts";
import { toldTo } from "../observe/told.ts";
import { type Ask, ask, type Reply } from "./ask.ts";

export type Lane = {
	readonly url: string;
	readonly port: number;
	readonly documents: Documents;
	readonly longPolls: LongPolls;
	readonly liveReaders: LiveReaders;
	readonly server: Serving;
	/** Sends a request and gives back its answer. */
	ask(request: Ask): Promise<Reply>;
};

export type Servers = Lane & {
	readonly log: Log;
	readonly directory: string;
	readonly scavenger: Scavenger;
	/** The same log, every request served by Express. */
	readonly express: Lane;
	/** Faults the servers reported; a test that expects none need not look: `close` does. */
	readonly reported: unknown[];
	/** Closes everything and opens it again on the same directory, on other ports. */
	restart(between?: (directory: string) => void): Promise<Servers>;
	/** Closes everything, and fails where the log is not as it should be or a fault was reported. */
	close(): Promise<void>;
};

/**
 * Clients need no credentials and may do everything, unless the settings say otherwise.
 * @param screens the admin UI, which tests of the API run without
 */
export async function startServers(
	overrides: Partial<Settings> = {},
	screens?: Screens,
	authenticator?: Authenticator,
): Promise<Servers> {
	const parts = { screens, ...(authenticator ? { authenticator } : {}) };
	return startIn(mkdtempSync(join(tmpdir(), "varve-http-")), overrides, parts);
}

/**
 * The log of a directory is in its SQLite file, or, for a run of these tests over PostgreSQL, in a
 * schema of its own in the database that VARVE_TEST_STORE names.
 */
function storeOf(directory: string): StoreOptions {
	const store = process.env.VARVE_TEST_STORE;
	if (store === undefined) return {};
	const schema = `http_${createHash("sha256").update(directory).digest("hex").slice(0, 16)}`;
	return { store: `${store}?schema=${schema}`, storeUnsafe: true, storeConnections: 4 };
}

async function startIn(
	directory: string,
	overrides: Partial<Settings>,
	parts: Pick<ServedLog, "screens" | "authenticator">,
): Promise<Servers> {
	const usual = {
		...parseSettings([], {}),
		data: directory,
		port: 0,
		allowAnonymous: true,
		insecure: true,
		// For clients that send what every client of EventStore knows.
		insecureDefaults: true,
		passwordCost: 10,
	};
	const settings: Settings = { ...usual, ...overrides };
	const opened = await openLog(directory, settings, storeOf(directory));
	const { log, hidden, tree, moves, measured, leadership, questions } = opened;
	const reported: unknown[] = [];
	const operatorLog = toldTo((what) => reported.push(what));
	const scavenger = await openScavenger(log, "127.0.0.1:2113", operatorLog);
	const upkeep = await openUpkeep(log, directory, operatorLog);
	const { diskFreeMin } = settings;
	const room = diskFreeMin === undefined ? quietRoom() : roomOf(directory, diskFreeMin);
	const agent = new Agent({ keepAlive: true });
	const startLane = async (lanes: "both" | "express-only"): Promise<Lane> => {
		const kept = { log, hidden, tree, moves, measured, leadership, questions };
		const stored = { ...kept, room, scavenger, upkeep, ...parts };
		// One of them runs the projections of the log; the other serves what it keeps of them.
		const isFirst = lanes === "both";
		const own = isFirst ? settings : { ...settings, projectionsRunningMax: 0 };
		const server = new Serving(stored, own, operatorLog, lanes);
		const { documents, longPolls, liveReaders } = server.context;
		const port = await server.listen();
		const url = `http://127.0.0.1:${port}`;
		return {
			url,
			port,
			documents,
			longPolls,
			liveReaders,
			server,
			ask: (request) => ask(port, request, agent),
		};
	};
	const both = await startLane("both");
	const express = await startLane("express-only");

	const stop = async () => {
		for (const { server } of [both, express]) await server.close(scavenger.close());
		await upkeep.verifications.close();
		room.close();
		tree.close();
		moves.close();
		const verification = await log.verify();
		await log.close();
		expect(verification.faults).toEqual([]);
		expect(verification.ok).toBe(true);
		expect(reported).toEqual([]);
	};
	return {
		...both,
		log,
		directory,
		scavenger,
		express,
		reported,
		async restart(between = () => undefined) {
			await stop();
			between(directory);
			return startIn(directory, overrides, parts);
		},
		async close() {
			await stop();
			rmSync(directory, { recursive: true });
		},
	};
}

/** Tries until `condition` gives something true, and gives that back. */
export async function until<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
	for (;;) {
		const value = await condition();
		if (value) return value;
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}
