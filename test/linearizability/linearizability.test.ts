/**
 * What clients of a few hot streams were answered, by a server that is killed under them, is what
 * one log that does one thing at a time would have answered. `ROUNDS=200 npm test --
 * test/linearizability` goes on for longer, with a seed of its own for each round.
 */

import { verifyDirectory } from "../../src/log/sqlite/verify/verifier.ts";
import { runSeed } from "../../test/feeds/random.ts";
import { newDirectory, removeDirectories, type Server, startServer } from "../cli/varve.ts";
import { until } from "../http/harness.ts";
import { check, type Recorded } from "./checker.ts";
import { startClients } from "./clients.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 1);
const CLIENTS = 12;
/** Operations a stream, between kills and in all. */
const STEP = 120;
const KILLS = 2;

afterAll(removeDirectories);

test(
	"appends and reads of hot streams are linearizable, across kills of the server",
	async () => {
		const seed = runSeed();
		for (let round = 0; round < ROUNDS; round++) await runRound(seed + round);
	},
	60_000 + ROUNDS * 30_000,
);

async function runRound(seed: number): Promise<void> {
	const data = newDirectory();
	let server: Server = await startServer(data);
	const port = Number(new URL(server.url).port);
	let up: Promise<unknown> = Promise.resolve();
	let over = false;
	const streams = [1, 2, 3].map((number) => `hot-${number}`);
	const { byStream, finished } = startClients({
		seed,
		ports: [port],
		streams,
		clients: CLIENTS,
		whenUp: () => up,
		isOver: () => over,
	});
	const answered = () =>
		Math.min(...[...byStream.values()].map((history) => history.filter(wasAnswered).length));
	try {
		for (let kill = 1; kill <= KILLS; kill++) {
			await until(() => answered() >= STEP * kill);
			const killed = server;
			up = (async () => {
				await killed.stop("SIGKILL");
				server = await startServer(data, port);
			})();
			await up;
		}
		await until(() => answered() >= STEP * (KILLS + 1));
	} finally {
		over = true;
		await finished;
	}
	await server.stop();
	for (const [stream, history] of byStream) expectLinearizable(seed, stream, history);
	expect(await verifyDirectory(data)).toMatchObject({ ok: true, faults: [] });
}

function expectLinearizable(seed: number, stream: string, history: readonly Recorded[]): void {
	const { ok, order, stuck } = check(history);
	if (ok) return;
	const show = (list: readonly Recorded[]) => list.map((one) => JSON.stringify(one)).join("\n");
	throw new Error(
		`SEED=${seed}: ${stream} is not linearizable. After\n${show(order.slice(-5))}\n` +
			`none of these can be next:\n${show(stuck)}`,
	);
}

function wasAnswered({ answered }: Recorded): boolean {
	return answered !== Infinity;
}
