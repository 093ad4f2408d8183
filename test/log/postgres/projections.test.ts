/** Projections of several servers over one database: the one that leads runs them. */
import { newDirectory, removeDirectories, type Server, startServer } from "../../cli/varve.ts";
import { type Ask, ask, get, type Json, type Reply } from "../../http/ask.ts";
import { until } from "../../http/harness.ts";
import { Asker } from "../../http/projections/asker.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

const portOf = ({ url }: Server) => Number(new URL(url).port);
const askerAt = (server: Server) =>
	new Asker({ ask: (request: Ask): Promise<Reply> => ask(portOf(server), request) });
const leads = async (server: Server) =>
	(await ask(portOf(server), get("/health/leader"))).status === 204;
const ONCE = "fromStream('source').when({ $init: () => ({ n: 0 }), A(s) { s.n++; } })";
const counting = (step: number) => `fromStream('source').when({
	$init: () => ({ n: 0 }),
	A(s, e) { s.n += ${step}; emit('out', 'N', { n: s.n }); }
})`;
/** Does not come to the switch before the leader is gone: the test looks what became of it. */
const FAULTY = counting(1).replace("s.n += 1;", "s.n += 1; if (s.n > 1) throw new Error('two');");

describePostgres("projections of servers over one database", () => {
	let database: PostgresServer;
	let nodes: Server[] = [];

	beforeAll(async () => {
		database = await startPostgres();
		const start = () =>
			startServer(newDirectory(), undefined, ["--insecure-defaults"], {
				VARVE_STORE: database.store("projections"),
				VARVE_SESSION_KEY: "x".repeat(32),
			});
		nodes = [await start(), await start()];
	});
	afterAll(async () => {
		await Promise.all(nodes.map((node) => node.stop()));
		database.remove();
		removeDirectories();
	});

	test("go on at the next leader, with their candidates; what was over stays over", async () => {
		const [first, second] = nodes as [Server, Server];
		await until(() => leads(first));
		const [leader, follower] = [askerAt(first), askerAt(second)];
		await leader.append("source", "A", {}, {});
		await leader.made("kept", counting(1), { emit: "yes" });
		await leader.made("stopped", ONCE);
		await leader.ask("POST", "/projection/stopped/command/disable");
		await leader.create("onetime", { name: "once" }, ONCE);
		await until(async () => (await leader.standing("once")).status === "Completed");
		await leader.ask("PUT", "/projection/kept/query?beside=yes", FAULTY);
		const isFaulted = async (asker: Asker) => {
			const { candidate } = await asker.standing("kept");
			return String((candidate as Json | undefined)?.status).startsWith("Fault");
		};
		await until(() => isFaulted(leader));
		// The one that follows names the one that runs them.
		const refused = await follower.ask("GET", "/projection/kept");
		expect([refused.status, refused.json]).toMatchObject([
			503,
			{ type: "urn:varve:problem:not-leader", leader: first.url },
		]);
		await leader.append("source", "A", {});
		await leader.atHead("kept");

		await first.stop("SIGKILL");
		nodes = [second];
		await until(() => leads(second));
		await follower.append("source", "A", {});
		await until(async () => ((await follower.state("kept")) as { n: number }).n === 4);
		expect((await follower.events("out")).map(({ data }) => JSON.parse(String(data)))).toEqual(
			[1, 2, 3, 4].map((n) => ({ n })),
		);
		// Its candidate runs there, and comes to its fault again.
		await until(() => isFaulted(follower));
		await follower.ask("PUT", "/projection/kept/query?beside=yes", counting(10));
		await until(async () => (await follower.standing("kept")).version === 2);
		await until(async () => ((await follower.state("kept")) as { n: number }).n === 40);
		expect((await follower.standing("once")).status).toBe("Completed");
		expect(await follower.state("once")).toEqual({ n: 2 });
		expect((await follower.standing("stopped")).status).toBe("Stopped");
	});
});
